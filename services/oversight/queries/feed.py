"""Reading the feed: a page of it, what came after a position, and the wires of the live stream."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.oversight import schemas
from services.oversight.tables import Body, FeedBody, FeedCounter, FeedItem, FeedSeen, Network, Person
from shared.errors import BadRequest, Conflict

NATIONAL = "national"
_PERSON = re.compile(r"\{person:([^}]+)\}")


class WrongPosition(BadRequest):
    """The position is not one of ours; send one that the feed gave, or none."""


class OtherFeed(Conflict):
    """The feed was begun anew since this position was given; load it again without a position."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the whole feed stands."""

    epoch: str
    offset: int

    def position(self) -> str:
        """As the API and the stream say it."""
        return f"{self.epoch}-{self.offset}"

    def offset_of(self, position: str) -> int:
        """The offset in *position*. Raises WrongPosition, and OtherFeed where it belongs to another epoch."""
        epoch, _, offset = position.rpartition("-")
        if not epoch or not offset.isascii() or not offset.isdigit() or len(offset) > 18:
            raise WrongPosition
        if epoch != self.epoch:
            raise OtherFeed
        return int(offset)


async def head_of(session: AsyncSession) -> Head:
    """Where the feed stands. Read it before the items: then none at or before it is missed."""
    return Head(*(await session.execute(select(FeedCounter.epoch, FeedCounter.offset))).one())


def shown_to(body: str, category: str | None = None) -> list[ColumnElement[bool]]:
    """The conditions of what the feed of *body* shows; the national one shows everything."""
    conditions: list[ColumnElement[bool]] = []
    if body != NATIONAL:
        conditions.append(FeedItem.offset.in_(select(FeedBody.offset).where(FeedBody.body == body)))
    if category:
        conditions.append(FeedItem.category == category)
    return conditions


async def newest_items(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, before: int | None, limit: int
) -> list[FeedItem]:
    """The newest lines before an offset, newest first."""
    query = select(FeedItem).where(*conditions).order_by(FeedItem.offset.desc()).limit(limit)
    if before is not None:
        query = query.where(FeedItem.offset < before)
    return list((await session.execute(query)).scalars())


async def items_after(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, after: int, limit: int
) -> list[FeedItem]:
    """The lines after an offset, oldest first."""
    query = select(FeedItem).where(*conditions, FeedItem.offset > after).order_by(FeedItem.offset).limit(limit)
    return list((await session.execute(query)).scalars())


async def count_of(session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, after: int = 0) -> int:
    """How many lines there are after an offset."""
    query = select(func.count()).select_from(FeedItem).where(*conditions, FeedItem.offset > after)
    return (await session.execute(query)).scalar_one()


async def seen_by(session: AsyncSession, person_id: str, body: str) -> int:
    """The offset up to which somebody has read the feed of *body*; 0 where they never said."""
    query = select(FeedSeen.offset).where(FeedSeen.person_id == person_id, FeedSeen.body == body)
    return (await session.execute(query)).scalar_one_or_none() or 0


async def shown(session: AsyncSession, epoch: str, items: Sequence[FeedItem]) -> list[schemas.FeedItem]:
    """The lines as they are shown, with the names of today."""
    people = {person for item in items for person in _PERSON.findall(item.headline)}
    names = await _names(session, Person.id, Person.name, people)
    ids = {item.network_id for item in items if item.network_id}
    networks = await _names(session, Network.id, Network.name, ids)
    return [
        schemas.FeedItem(
            id=item.message_id, message_id=item.message_id, headline=named(item.headline, names),
            category=item.category, significance=item.significance, path=item.path, time=item.time,
            network_id=item.network_id, network_name=networks.get(item.network_id or "", ""),
            position=f"{epoch}-{item.offset}",
        )
        for item in items
    ]  # fmt: skip


async def wires(
    session: AsyncSession, epoch: str, items: Sequence[FeedItem], bodies: Mapping[int, Sequence[str]]
) -> list[schemas.FeedWire]:
    """The lines as the live stream carries them; *bodies* says, for each offset, whose they are."""
    lines = await shown(session, epoch, items)
    return [
        schemas.FeedWire(epoch=epoch, offset=item.offset, bodies=list(bodies.get(item.offset, ())), item=line)
        for item, line in zip(items, lines, strict=True)
    ]


async def wires_after(session: AsyncSession, body: str, *, after: int, limit: int) -> schemas.FeedWires:
    """What the feed of *body* got after an offset, oldest first, for a stream that resumes."""
    head = await head_of(session)
    found = await items_after(session, shown_to(body), after=after, limit=limit + 1)
    items = found[:limit]
    bodies = await bodies_of(session, [item.offset for item in items])
    return schemas.FeedWires(
        epoch=head.epoch, head=head.offset, items=await wires(session, head.epoch, items, bodies),
        more=len(found) > limit,
    )  # fmt: skip


async def bodies_of(session: AsyncSession, offsets: Sequence[int]) -> dict[int, list[str]]:
    """Offset → the bodies that the line concerns."""
    query = select(FeedBody.offset, FeedBody.body).where(FeedBody.offset.in_(offsets)).order_by(FeedBody.body)
    found: dict[int, list[str]] = {}
    for offset, body in await session.execute(query):
        found.setdefault(offset, []).append(body)
    return found


def named(headline: str, names: Mapping[str, str]) -> str:
    """*headline* with the names of the people whom it names by reference; whoever is not known is a former member."""

    def name(match: re.Match[str]) -> str:
        return names.get(match[1]) or ("A former member" if match.start() == 0 else "a former member")

    return _PERSON.sub(name, headline)


async def _names(
    session: AsyncSession, key: InstrumentedAttribute[str], name: InstrumentedAttribute[str], keys: Iterable[str]
) -> dict[str, str]:
    """Key → name, of those that are known."""
    wanted = list(keys)
    return dict(iter(await session.execute(select(key, name).where(key.in_(wanted))))) if wanted else {}


async def effects(session: AsyncSession, message_id: str) -> list[dict[str, Any]]:
    """For the page that follows a change: the line that each body's feed got, and when."""
    found = await session.execute(select(FeedItem).where(FeedItem.message_id == message_id))
    item = found.scalar_one_or_none()
    if item is None:
        return []
    codes = (await bodies_of(session, [item.offset])).get(item.offset, [])
    names = await _names(session, Body.code, Body.name, codes)
    whose = ["The national feed", *(f"The feed of {names.get(code, code)}" for code in codes)]
    return [{"kind": "feed", "what": what, "time": item.stored_at, "count": 1, "outcome": "shown"} for what in whose]
