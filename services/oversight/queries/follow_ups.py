"""Reading what became of the lines of a body's feed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight import schemas
from services.oversight.queries.feed import NATIONAL
from services.oversight.tables import Comment, FeedBody, FeedItem, FeedSeen, FollowUp, Person
from shared.errors import NotFound

FORMER = "A former member"


class NoSuchLine(NotFound):
    """This line does not stand in this feed; load the feed again."""


async def line_at(session: AsyncSession, body: str, message_id: str) -> FeedItem:
    """The line of *body*'s feed that tells of that message. Raises NoSuchLine."""
    query = select(FeedItem).where(FeedItem.message_id == message_id)
    if body != NATIONAL:
        query = query.join(FeedBody, FeedBody.offset == FeedItem.offset).where(FeedBody.body == body)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NoSuchLine
    return found


def open_in(body: str) -> ColumnElement[bool]:
    """The condition that nobody of *body* has taken note of a line."""
    noted = select(FollowUp.offset).where(FollowUp.body == body, FollowUp.acknowledged_by != "")
    return FeedItem.offset.not_in(noted)


def given_to(body: str, person_id: str) -> ColumnElement[bool]:
    """The condition that a line is somebody's."""
    return FeedItem.offset.in_(select(FollowUp.offset).where(FollowUp.body == body, FollowUp.assigned_to == person_id))


async def followed(session: AsyncSession, body: str, items: Sequence[schemas.FeedItem]) -> list[schemas.FollowedItem]:
    """The lines with what became of them in *body*'s feed."""
    offsets = [int(item.position.rpartition("-")[2]) for item in items]
    rows = await session.scalars(select(FollowUp).where(FollowUp.body == body, FollowUp.offset.in_(offsets)))
    known = {row.offset: row for row in rows}
    names = await names_of(session, (who for row in known.values() for who in (row.acknowledged_by, row.assigned_to)))
    counted = select(Comment.offset, func.count()).where(Comment.body == body, Comment.offset.in_(offsets))
    rows_of: Any = await session.execute(counted.group_by(Comment.offset))
    comments: dict[int, int] = dict(rows_of.all())
    return [
        schemas.FollowedItem(**item.model_dump(), comments=comments.get(offset, 0), **_said(known.get(offset), names))
        for item, offset in zip(items, offsets, strict=True)
    ]


def _said(row: FollowUp | None, names: dict[str, str]) -> dict[str, Any]:
    if row is None:
        return {}
    return {
        "acknowledged_by": row.acknowledged_by, "acknowledged_by_name": names.get(row.acknowledged_by, ""),
        "acknowledged_at": row.acknowledged_at, "assigned_to": row.assigned_to,
        "assigned_to_name": names.get(row.assigned_to, ""),
    }  # fmt: skip


async def comments_on(session: AsyncSession, body: str, offset: int) -> list[schemas.CommentOut]:
    """The comments on a line, the oldest first."""
    query = select(Comment).where(Comment.body == body, Comment.offset == offset).order_by(Comment.id)
    found = list(await session.scalars(query))
    names = await names_of(session, (comment.by for comment in found))
    return [
        schemas.CommentOut(id=one.id, by=one.by, by_name=names.get(one.by, FORMER), text=one.text, at=one.at)
        for one in found
    ]


async def colleagues(session: AsyncSession, body: str) -> list[schemas.Colleague]:
    """Those who read the feed of *body*, by name: whom a line can be given to."""
    query = select(Person.id, Person.name).join(FeedSeen, FeedSeen.person_id == Person.id)
    rows = await session.execute(query.where(FeedSeen.body == body).order_by(Person.name, Person.id))
    return [schemas.Colleague(id=id_, name=name) for id_, name in rows]


async def names_of(session: AsyncSession, ids: Iterable[str]) -> dict[str, str]:
    """Id → name, of those who are known."""
    wanted = {one for one in ids if one}
    rows: Any = await session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return dict(rows.all())
