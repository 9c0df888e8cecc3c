"""What becomes of people's choices when a network becomes part of another, and when that is undone: whom they follow,
what they muted, in which form they are told, and what their programs picked.

What goes over is noted (`merged_choices`), so that it can be taken back and nothing else with it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import belonging, put
from services.notifications.audience import changed as readers_changed
from services.notifications.commands.subscriptions import changed, file_anew, locked
from services.notifications.tables import audience_members as members
from services.notifications.tables import choices, merged_choices, mutes, subscription_keys, subscriptions
from shared.auth import Principal
from shared.db import among, upsert

FOLLOW, MUTE, FORMS, SUBSCRIPTION = "follow", "mute", "forms", "subscription"


async def merge_choices(session: AsyncSession, *, source: str, target: str, moment: datetime, by: Principal) -> None:
    """Let those who chose something for the network *source* have chosen it for *target*, from *moment* on.

    Followers go on reading what the old network said; it says nothing any more. A mute goes over unless the person
    belonged to the other network by themselves: they chose to hear of that one.
    """
    await _merge_mutes(session, source, target, moment)
    await _merge_forms(session, source, target)
    await _merge_follows(session, source, target, moment)
    await _merge_subscriptions(session, source, target, by)


async def part_choices(session: AsyncSession, *, source: str, target: str, by: Principal) -> None:
    """Take back `merge_choices` of the two; what somebody chose for *target* since stays."""
    noted: dict[str, list[str]] = {FOLLOW: [], MUTE: [], FORMS: [], SUBSCRIPTION: []}
    mine = merged_choices.c.source == source, merged_choices.c.target == target
    for what, id_ in await session.execute(select(merged_choices.c.what, merged_choices.c.id).where(*mine)):
        noted[what].append(id_)
    muting = mutes.c.network_id == target, among(session, mutes.c.person_id, noted[MUTE])
    await session.execute(delete(mutes).where(*muting))
    await _part_forms(session, source, target, noted[FORMS])
    followers = await _part_follows(session, source, target, noted[FOLLOW])
    await _part_subscriptions(session, target, noted[SUBSCRIPTION], by)
    await session.execute(delete(merged_choices).where(*mine))
    if people := sorted({*noted[MUTE], *noted[FORMS], *followers}):
        await readers_changed(session, people)


async def _note(session: AsyncSession, source: str, target: str, what: str, ids: Collection[str]) -> None:
    rows = [{"source": source, "target": target, "what": what, "id": id_} for id_ in ids]
    if rows:
        await session.execute(upsert(session, merged_choices).on_conflict_do_nothing(), rows)


async def _merge_mutes(session: AsyncSession, source: str, target: str, moment: datetime) -> None:
    there = select(members.c.person_id).where(
        members.c.audience == f"network:{target}", members.c.active, members.c.since < moment
    )
    too = select(mutes.c.person_id).where(mutes.c.network_id == target)
    muting = select(mutes.c.person_id).where(
        mutes.c.network_id == source, mutes.c.person_id.not_in(there), mutes.c.person_id.not_in(too)
    )
    people = list((await session.execute(muting)).scalars())
    if people:
        rows = [{"person_id": person_id, "network_id": target} for person_id in people]
        await session.execute(insert(mutes), rows)
        await _note(session, source, target, MUTE, people)
        await readers_changed(session, people)


async def _merge_forms(session: AsyncSession, source: str, target: str) -> None:
    """Who chose in which form the old network reaches them has chosen it for the new one, unless they chose there."""
    too = select(choices.c.person_id).where(choices.c.network_id == target)
    mine = choices.c.network_id == source, choices.c.person_id.not_in(too)
    people = list((await session.execute(select(choices.c.person_id).where(*mine))).scalars())
    if people:
        old = select(choices.c.person_id, literal(target), choices.c.forms).where(*mine)
        await session.execute(insert(choices).from_select(["person_id", "network_id", "forms"], old))
        await _note(session, source, target, FORMS, people)
        await readers_changed(session, people)


async def _part_forms(session: AsyncSession, source: str, target: str, people: Collection[str]) -> None:
    """What was chosen for the new one since then stays."""
    old = choices.alias("old")
    same = select(old.c.forms).where(old.c.network_id == source, old.c.person_id == choices.c.person_id)
    theirs = choices.c.network_id == target, among(session, choices.c.person_id, list(people))
    await session.execute(delete(choices).where(*theirs, choices.c.forms == same.scalar_subquery()))


async def _merge_follows(session: AsyncSession, source: str, target: str, moment: datetime) -> None:
    followers = (await session.execute(_following(source, FOLLOW))).all()
    too = set((await session.execute(_following(target, FOLLOW))).scalars())
    coming = [
        belonging(f"network:{target}", row.person_id, source="follow", route="follow", since=moment)
        for row in followers
    ]
    reading = [
        belonging(f"network:{source}", row.person_id, source="merged", route="follow", since=row.since)
        for row in followers
    ]
    await put(session, coming + reading)
    await session.execute(delete(members).where(members.c.audience == f"network:{source}", members.c.source == FOLLOW))
    await _note(session, source, target, FOLLOW, [row.person_id for row in followers if row.person_id not in too])


def _following(network: str, by: str) -> Any:
    """Who has a row of that source, and since when."""
    query = select(members.c.person_id, members.c.since)
    return query.where(members.c.audience == f"network:{network}", members.c.source == by)


async def _part_follows(session: AsyncSession, source: str, target: str, people: Collection[str]) -> list[str]:
    """Let all who followed the old network follow it again; returns them. *people* followed the other one by that."""
    reading = list((await session.execute(_following(source, "merged"))).scalars())
    again = members.c.audience == f"network:{source}", members.c.source == "merged"
    known = select(members.c.person_id).where(members.c.audience == f"network:{source}", members.c.source == FOLLOW)
    await session.execute(update(members).where(*again, members.c.person_id.not_in(known)).values(source=FOLLOW))
    await session.execute(delete(members).where(*again))
    theirs = members.c.audience == f"network:{target}", members.c.source == FOLLOW
    await session.execute(delete(members).where(*theirs, among(session, members.c.person_id, list(people))))
    return reading


async def _merge_subscriptions(session: AsyncSession, source: str, target: str, by: Principal) -> None:
    """Programs that picked the old network have picked the new one too."""
    filed = select(subscription_keys.c.subscription_id).where(subscription_keys.c.key == f"network:{source}")
    picking = []
    for subscription_id in list(await session.scalars(filed.order_by(subscription_keys.c.subscription_id))):
        row = await locked(session, subscription_id)
        if target not in row["networks"]:
            picking.append(subscription_id)
            why = "A network that it picks became part of another."
            await file_anew(
                session, await changed(session, row, by=by, reason=why, networks=[*row["networks"], target])
            )
    await _note(session, source, target, SUBSCRIPTION, picking)


async def _part_subscriptions(session: AsyncSession, target: str, ids: Collection[str], by: Principal) -> None:
    kept = select(subscriptions.c.id).where(among(session, subscriptions.c.id, list(ids))).order_by(subscriptions.c.id)
    for subscription_id in (await session.execute(kept)).scalars().all():
        row = await locked(session, subscription_id)
        without = [network for network in row["networks"] if network != target]
        if without and without != row["networks"]:
            why = "A network that it picks is one of its own again."
            await file_anew(session, await changed(session, row, by=by, reason=why, networks=without))
