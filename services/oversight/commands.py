"""What officers change, and the reference data. A command never commits."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.queries.feed import head_of, seen_by
from services.oversight.queries.follow_ups import line_at
from services.oversight.reference import rows
from services.oversight.tables import Body, Comment, FeedItem, FeedSeen, FollowUp
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.contracts import Contract
from shared.contracts.oversight import LINE_ACKNOWLEDGED, LINE_ASSIGNED, LINE_COMMENTED, LineState
from shared.db import upsert
from shared.envelope import new_id
from shared.errors import Conflict
from shared.outbox import change, publish


class NotOfThisFeed(Conflict):
    """They do not read this feed; a line can be given to those who do."""


async def load_reference(session: AsyncSession) -> None:
    """Make sure that the oversight bodies of the reference data are known."""
    found = [{"code": r["code"], "kind": "sha", "name": r["name"], "region": r["region"]} for r in rows("shas")]
    await session.execute(upsert(session, Body.__table__).on_conflict_do_nothing(), found)  # type: ignore[arg-type]


async def mark_seen(session: AsyncSession, *, body: str, up_to: str, by: Principal) -> int:
    """Note how far somebody has read the feed of *body*; returns the offset. What was read stays read.

    Raises WrongPosition, OtherFeed. Nothing is said on the log: how far somebody read is nobody else's concern.
    """
    head = await head_of(session)
    offset = max(min(head.offset_of(up_to), head.offset), await seen_by(session, by.person_id, body))
    mark = {"person_id": by.person_id, "body": body, "offset": offset, "seen_at": clock.now()}
    insert: Any = upsert(session, FeedSeen.__table__)  # type: ignore[arg-type]
    newer = insert.on_conflict_do_update(
        index_elements=["person_id", "body"], where=FeedSeen.offset < insert.excluded.offset,
        set_={"offset": insert.excluded.offset, "seen_at": insert.excluded.seen_at},
    )  # fmt: skip
    await session.execute(newer, [mark])
    return offset


async def acknowledge(
    session: AsyncSession, *, body: str, message_id: str, acknowledged: bool, by: Principal, reason: str = ""
) -> FeedItem:
    """Say that somebody of *body* took note of a line, or take that back. Raises NoSuchLine."""
    line, row = await _followed(session, body, message_id)
    if bool(row.acknowledged_by) != acknowledged:
        row.acknowledged_by = by.person_id if acknowledged else ""
        row.acknowledged_at = clock.now() if acknowledged else None
        await _say(session, LINE_ACKNOWLEDGED, row, line, by, reason)
    return line


async def assign(
    session: AsyncSession, *, body: str, message_id: str, person_id: str, by: Principal, reason: str = ""
) -> FeedItem:
    """Give a line to somebody who reads the feed, or to nobody; they are told. Raises NoSuchLine, NotOfThisFeed."""
    line, row = await _followed(session, body, message_id)
    known = ("", by.person_id, row.assigned_to)
    if person_id not in known and not await seen_by(session, person_id, body):
        raise NotOfThisFeed
    if row.assigned_to != person_id:
        row.assigned_to = person_id
        headline = f"{{person:{by.person_id}}} gave you to follow up: {line.headline}"
        await _say(session, LINE_ASSIGNED, row, line, by, reason, headline=headline)
    return line


async def comment(
    session: AsyncSession, *, body: str, message_id: str, text: str, by: Principal, reason: str = ""
) -> FeedItem:
    """Write on a line, for those who oversee the area; whose line it is is told. Raises NoSuchLine."""
    line, row = await _followed(session, body, message_id)
    session.add(Comment(id=new_id(), body=body, offset=line.offset, by=by.person_id, text=text, at=clock.now()))
    headline = f"{{person:{by.person_id}}} commented on what you follow up: {line.headline}"
    await _say(session, LINE_COMMENTED, row, line, by, reason, headline=headline)
    return line


async def _followed(session: AsyncSession, body: str, message_id: str) -> tuple[FeedItem, FollowUp]:
    """A line and what became of it, locked."""
    line = await line_at(session, body, message_id)
    new = {
        "body": body, "offset": line.offset, "id": new_id(), "revision": 0, "acknowledged_by": "",
        "acknowledged_at": None, "assigned_to": "",
    }  # fmt: skip
    insert: Any = upsert(session, FollowUp.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]
    await session.execute(insert, [new])
    row = await session.get_one(FollowUp, (body, line.offset), with_for_update=True)
    return line, row


async def _say(
    session: AsyncSession, contract: Contract, row: FollowUp, line: FeedItem, by: Principal, reason: str,
    headline: str = "",
) -> None:  # fmt: skip
    """Say what became of a line, and tell whose it is, unless they did it themselves."""
    row.revision += 1
    await session.flush()
    counted = select(func.count()).select_from(Comment).where(Comment.body == row.body, Comment.offset == row.offset)
    state = LineState(
        id=row.id, revision=row.revision, body=row.body, line=line.message_id, acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at, assigned_to=row.assigned_to,
        comments=(await session.execute(counted)).scalar_one(),
    )  # fmt: skip
    told = None
    if headline and row.assigned_to and row.assigned_to != by.person_id:
        told = Announcement(
            headline=headline[:300], category="governance", path=f"/oversight/{row.body}/feed/{line.message_id}",
            concerns=Concerns(people=(row.assigned_to,)),
        )  # fmt: skip
    await publish(session, change(contract, state, key=row.id, announcement=told, actor=by.person_id, reason=reason))
