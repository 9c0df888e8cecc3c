"""Linking many networks to one other together, or ending those links, and taking that back.

Everything is locked before (`lock_networks`), the other network among it, in the order of ids: whoever adds, ends or
moves links locks networks first and takes the turn of the rules after, so no two of them wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.link_closing import held_again
from services.registry.commands.link_rules import closes_a_circle, hold_the_rules, ordered, same_link
from services.registry.commands.links import add_link, change_link, locked_link
from services.registry.commands.networks import AlreadyArchived, NoSuchNetwork
from services.registry.tables import Link, Network
from shared import clock
from shared.auth import Principal

LINKING = ("link", "end_link")
"""The names under which a change of many networks asks for links."""


def other_end(asked: Mapping[str, Any]) -> str:
    """The network that all of them are linked to, or no longer; empty where *asked* is about something else."""
    return next((str(asked[name]["other_id"]) for name in LINKING if name in asked), "")


async def linked_so(
    session: AsyncSession, network: Network, asked: Mapping[str, Any], *, by: Principal, reason: str
) -> dict[str, Any]:
    """Link *network* as *asked*, or end its link: what `unlinked` needs to take it back, empty where it is so already.

    Raises what the same of one network alone would raise.
    """
    if network.archived:
        raise AlreadyArchived
    wanted = asked.get("link") or asked["end_link"]
    there = await holding(session, [network.id], wanted)
    if "end_link" in asked:
        links = {link.id: await _ended(session, link, by, reason) for link in there.get(network.id, [])}
        return {"links": links} if links else {}
    if network.id in there:
        return {}
    made = await add_link(session, network_id=network.id, by=by, reason=reason, announced=False, **wanted)
    await session.flush()
    return {"links": {made.id: made.revision}}


async def _ended(session: AsyncSession, link: Link, by: Principal, reason: str) -> int:
    fields = {"until": clock.today()}
    ended = await change_link(session, link_id=link.id, fields=fields, by=by, reason=reason, announced=False)
    return ended.revision


async def holding(session: AsyncSession, network_ids: list[str], wanted: Mapping[str, Any]) -> dict[str, list[Link]]:
    """Network → its confirmed links that say what is *wanted*; any pathway where none is named."""
    kind, other = wanted["kind"], wanted["other_id"]
    as_kept = {ordered(kind, one, other): one for one in network_ids}
    touching = (Link.network_id == other) | (Link.other_id == other)
    query = select(Link).where(Link.status == "confirmed", touching).order_by(Link.id)
    if wanted.get("care_group"):
        query = query.where(Link.care_group == wanted["care_group"])
    found: dict[str, list[Link]] = {}
    for link in (await session.execute(query)).scalars():
        if one := as_kept.get((link.kind, link.network_id, link.other_id)):
            found.setdefault(one, []).append(link)
    return found


async def unlinked(
    session: AsyncSession, asked: Mapping[str, Any], before: Mapping[str, Any], *, by: Principal, reason: str
) -> bool:
    """Take back what `linked_so` did; whether it could: not where somebody changed one of the links since."""
    await hold_the_rules(session)
    links = [await locked_link(session, link_id) for link_id in sorted(before["links"])]
    if any(link.revision != before["links"][link.id] for link in links):
        return False
    if "link" in asked:
        for link in links:
            await _ended(session, link, by, reason)
        return True
    if any([await same_link(session, link) or await closes_a_circle(session, link) for link in links]):
        return False
    return all([await held_again(session, link, by=by, reason=reason) for link in links])


async def require_other_end(session: AsyncSession, asked: Mapping[str, Any]) -> Network | None:
    """The network at the other end, where *asked* is about links. Raises NoSuchNetwork."""
    if not (other_id := other_end(asked)):
        return None
    other = await session.get(Network, other_id)
    if other is None:
        raise NoSuchNetwork
    return other
