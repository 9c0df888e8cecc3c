"""Which links there may be: none to itself, none twice, no circle of parents or successors.

A rule over all links of a kind is checked in a turn (`hold_the_rules`): two who each add half of a circle, or the
same link, do so one after the other.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.tables import OPEN, SYMMETRIC, Link, Network
from shared.db import take_turn
from shared.errors import Conflict, Unprocessable

ACYCLIC = frozenset({"parent_of", "succeeds"})
INVERSES = {"part_of": "parent_of", "scrutinised_by": "scrutinises", "succeeded_by": "succeeds"}
_TURNED = {**INVERSES, **{kind: relation for relation, kind in INVERSES.items()}}
CIRCLES = {
    "parent_of": "{other} is above {network} already, so it cannot stand below it too; end one of those links first.",
    "succeeds": "{other} succeeds {network} already, directly or through others; a network cannot succeed itself.",
}  # fmt: skip


class LinksToItself(Unprocessable):
    """A network cannot be linked to itself; choose another network."""


class LinkedAlready(Conflict):
    """These two networks are linked in this way already; change that link instead."""


class GoesInACircle(Conflict):
    """This link would close a circle; end one of the links in it first."""


async def hold_the_rules(session: AsyncSession) -> None:
    """Let nobody else add or move links until this transaction ends. Lock networks before, never after."""
    await take_turn(session, "links")


def turned(kind: str) -> str:
    """The same *kind* said from the other end."""
    return _TURNED.get(kind, kind)


def ordered(kind: str, network_id: str, other_id: str) -> tuple[str, str, str]:
    """(kind, left, right) as a link is kept: read from left to right, the smaller id first where both are alike."""
    if kind in INVERSES:
        return INVERSES[kind], other_id, network_id
    if kind in SYMMETRIC and other_id < network_id:
        return kind, other_id, network_id
    return kind, network_id, other_id


async def same_link(session: AsyncSession, link: Link) -> Link | None:
    """Another open link that says what *link* says."""
    query = select(Link).where(
        Link.kind == link.kind, Link.network_id == link.network_id, Link.other_id == link.other_id,
        Link.care_group == link.care_group, Link.status.in_(OPEN), Link.id != link.id,
    )  # fmt: skip
    return (await session.execute(query)).scalars().first()


async def closes_a_circle(session: AsyncSession, link: Link) -> bool:
    """Whether the right end of *link* leads back to its left end by open links of its kind."""
    if link.kind not in ACYCLIC:
        return False
    of_kind: ColumnElement[bool] = (Link.kind == link.kind) & Link.status.in_(OPEN) & (Link.id != link.id)
    below = select(Link.other_id.label("id")).where(of_kind, Link.network_id == link.other_id).cte(recursive=True)
    below = below.union(select(Link.other_id).where(of_kind, Link.network_id == below.c.id))
    found = await session.execute(select(below.c.id).where(below.c.id == link.network_id).limit(1))
    return found.first() is not None


async def require_allowed(session: AsyncSession, link: Link, network: Network, other: Network) -> None:
    """Raise LinkedAlready or GoesInACircle; *network* and *other* are the ends of *link* from left to right."""
    same = await same_link(session, link)
    if same is not None and same.status == "proposed":
        raise LinkedAlready("This link is proposed already and waits for an answer; confirm it.", link_id=same.id)
    if same is not None:
        raise LinkedAlready(link_id=same.id)
    if await closes_a_circle(session, link):
        raise GoesInACircle(CIRCLES[link.kind].format(network=network.name, other=other.name))
