"""Counting the people whom two networks have in common, message by message.

Invariants:
1. The count of a pair is the number of people who are active in both: whatever order messages come in, however often.
2. A message costs as much as the person it tells of has networks; pairs that it does not touch are not looked at.
3. Counting takes turns: two processes that each add one network to the same person would both miss the pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.overlaps import OVERLAPS, Pair, count_people, pair, score_again
from services.registry.tables import Role
from shared.db import among, take_turn
from shared.rows import upsert_newer

Places = dict[str, set[str]]
"""Person → the networks in which they are active."""


async def keep_roles(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Keep roles, plain memberships too, as rows of `roles`, and what they change in common."""
    if not rows:
        return
    await take_turn(session, OVERLAPS)
    stored = select(Role.person_id).where(among(session, Role.id, [row["id"] for row in rows]))
    people = {row["person_id"] for row in rows} | set((await session.execute(stored)).scalars())
    before = await _places(session, people)
    await upsert_newer(session, Role.__table__, list(rows))  # type: ignore[arg-type]
    await _count(session, before, await _places(session, people))


async def end_roles(session: AsyncSession, person_ids: Collection[str]) -> None:
    """Let erased people belong nowhere; they are in common to no networks any more.

    What membership says of each role comes on another topic. Their rows stay, so that an old message changes nothing.
    """
    if not person_ids:
        return
    await take_turn(session, OVERLAPS)
    before = await _places(session, person_ids)
    await session.execute(update(Role).where(Role.person_id.in_(person_ids)).values(status="ended"))
    await _count(session, before, {})


async def _places(session: AsyncSession, people: Collection[str]) -> Places:
    query = select(Role.person_id, Role.network_id).where(
        among(session, Role.person_id, list(people)), Role.status == "active"
    )
    found: Places = {}
    for person, network in await session.execute(query):
        found.setdefault(person, set()).add(network)
    return found


async def _count(session: AsyncSession, before: Places, after: Places) -> None:
    changes: Counter[Pair] = Counter()
    for person in {*before, *after}:
        was, now = before.get(person, set()), after.get(person, set())
        changes.update(_pairs(now - was, now))
        changes.subtract(_pairs(was - now, was))
    changed = {each: number for each, number in changes.items() if number}
    if changed:
        await count_people(session, changed)
        await score_again(session, set(changed))


def _pairs(some: Collection[str], all_: Iterable[str]) -> set[Pair]:
    """The pairs of one of *some* with another of *all_*."""
    return {pair(one, other) for other in all_ for one in some if one != other}
