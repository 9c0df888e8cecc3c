"""What oversight takes from the log: a line of the feed for whatever was announced, and what the dashboard counts.

Invariants:
1. `on_message` knows no type of message. A new kind of change appears in the feed because it was announced.
2. A line's number comes from one row that stays locked until the commit: who has read up to a number has read
   everything before it, whichever process wrote it, and no number is missing.
3. Projections take a state only when its revision is newer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import orjson
from pydantic import BaseModel
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.queries.dashboard import REQUIRED
from services.oversight.queries.feed import wires
from services.oversight.tables import (
    Challenge,
    Cover,
    FeedBody,
    FeedCounter,
    FeedItem,
    FeedSeen,
    FollowUp,
    Network,
    Person,
    Role,
)
from shared import clock
from shared.announcement import Announcement
from shared.boundary import forget_answers
from shared.db import is_among, listed
from shared.envelope import Envelope
from shared.hints import broadcast_after_commit
from shared.made import Made
from shared.rows import upsert_newer

CHANNEL = "feed"
_ITEMS, _BODIES, _COVERS = (Made(insert(kind)) for kind in (FeedItem, FeedBody, Cover))
_TAKE = Made(
    update(FeedCounter)
    .values(offset=FeedCounter.offset + bindparam("count"))
    .returning(FeedCounter.epoch, FeedCounter.offset)
)
_KNOWN = Made(
    lambda dialect: select(Network.id, Network.revision, Network.stage, Network.stage_since).where(
        is_among(dialect, Network.__table__.c.id, "ids")
    )
)
_UNCOVER = Made(lambda dialect: delete(Cover).where(is_among(dialect, Cover.__table__.c.network_id, "ids")))


class _Network(BaseModel):
    id: str
    revision: int
    slug: str
    name: str
    type: str
    care_group: str
    level: str
    stage: str
    archived: bool
    bodies: list[str]


class _Membership(BaseModel):
    id: str
    revision: int
    network_id: str
    person_id: str
    role: str
    since: date
    until: date | None
    status: str


class _Challenge(BaseModel):
    id: str
    revision: int
    provider: str
    status: str
    answer_by: date


class _Person(BaseModel):
    id: str
    revision: int
    name: str


async def on_message(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Add a line for each message that was announced to more than particular people."""
    told = lines_of(messages)
    if not told:
        return
    epoch, first = await _numbers(session, len(told))
    items = [_item(first + place, message, announced) for place, (message, announced) in enumerate(told)]
    bodies = {item["offset"]: bodies_of(announced) for item, (_, announced) in zip(items, told, strict=True)}
    await _ITEMS.insert(session, items)
    rows = [{"body": body, "offset": offset} for offset, codes in bodies.items() for body in codes]
    if rows:
        await _BODIES.insert(session, rows)
    for wire in await wires(session, epoch, [FeedItem(**item) for item in items], bodies):
        broadcast_after_commit(session, CHANNEL, orjson.dumps(wire.model_dump(mode="json")))


def lines_of(messages: Sequence[Envelope]) -> list[tuple[Envelope, Announcement]]:
    """The messages that are a line of the feed, each with how it is told."""
    return [(m, a) for m in messages if (a := m.announcement) is not None and not _is_personal(a)]


def _is_personal(announced: Announcement) -> bool:
    """Whether it is for particular people alone, such as the confirmation of a booking: theirs, not a body's."""
    return all(key.startswith("person:") for key in announced.concerns.audiences())


async def _numbers(session: AsyncSession, count: int) -> tuple[str, int]:
    """The epoch, and the first of *count* numbers, ours when the transaction commits. Locks the counter."""
    ((epoch, last),) = await _TAKE.rows(session, {"count": count})
    return epoch, last - count + 1


def _item(offset: int, message: Envelope, announced: Announcement) -> dict[str, Any]:
    networks = announced.concerns.networks
    return {
        "offset": offset, "message_id": message.id, "headline": announced.headline, "category": announced.category,
        "significance": announced.significance, "path": announced.path, "time": message.time,
        "network_id": networks[0] if len(networks) == 1 else None, "stored_at": clock.now(),
    }  # fmt: skip


def bodies_of(announced: Announcement) -> list[str]:
    """The bodies in whose own feeds a line stands."""
    return list(dict.fromkeys(announced.concerns.bodies))


async def on_networks(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep what the dashboard counts. The day on which a stage began is that of the message that brought it."""
    states = [(_Network.model_validate(m.state), m.time.date()) for m in messages if m.data]
    ids = listed(session, [state.id for state, _ in states])
    found = await _KNOWN.rows(session, {"ids": ids})
    known = {row.id: (row.revision, row.stage, row.stage_since) for row in found}
    newest: dict[str, _Network] = {}
    for state, day in states:
        revision, stage, since = known.get(state.id, (0, "", day))
        if state.revision > revision:
            known[state.id] = (state.revision, state.stage, since if state.stage == stage else day)
            newest[state.id] = state
    rows = [{**s.model_dump(exclude={"bodies"}), "stage_since": known[s.id][2]} for s in newest.values()]
    await upsert_newer(session, Network.__table__, rows)  # type: ignore[arg-type]
    await _cover(session, newest)


async def _cover(session: AsyncSession, networks: dict[str, _Network]) -> None:
    await _UNCOVER.rows(session, {"ids": listed(session, networks)})
    rows = [{"body": body, "network_id": n.id} for n in networks.values() for body in dict.fromkeys(n.bodies)]
    if rows:
        await _COVERS.insert(session, rows)


async def on_memberships(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep the leading roles, ended ones too: they tell since when a post is vacant."""
    rows = [_Membership.model_validate(m.state).model_dump() for m in messages if m.state.get("role") in REQUIRED]
    await upsert_newer(session, Role.__table__, rows)  # type: ignore[arg-type]


async def on_challenges(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep which network must answer by when; what the challenge says stays with the register."""
    rows = [_Challenge.model_validate(m.state).model_dump() for m in messages if m.data]
    await upsert_newer(session, Challenge.__table__, rows)  # type: ignore[arg-type]


async def on_people(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep the names; forget the erased, whatever came before in the same batch."""
    erased = {message.key for message in messages if message.data is None}
    rows = [_Person.model_validate(m.state).model_dump() for m in messages if m.data and m.key not in erased]
    await upsert_newer(session, Person.__table__, rows)  # type: ignore[arg-type]
    await session.execute(delete(Person).where(Person.id.in_(erased)))
    await session.execute(delete(FeedSeen).where(FeedSeen.person_id.in_(erased)))
    given = update(FollowUp).where(FollowUp.assigned_to.in_(erased))
    await session.execute(given.values(assigned_to=""))
    await forget_answers(session, erased)
