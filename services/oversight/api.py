"""Oversight's routes: parse, authorise, call one command or query."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from services.oversight import commands
from services.oversight.queries import dashboard, feed, follow_ups
from services.oversight.schemas import (
    Acknowledge,
    Assign,
    Colleague,
    CommentOut,
    Dashboard,
    Feed,
    FeedWires,
    FollowedItem,
    National,
    NewComment,
    Seen,
    SeenOut,
)
from services.oversight.tables import FeedItem
from shared.announcement import Category
from shared.auth import Principal, Session, body_officers, gateway_only, may, staff
from shared.boundary import Router
from shared.fields import Page

router = Router(tags=["oversight"])
Limit = Annotated[int, Query(ge=1, le=100)]
WireLimit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, lt=2**63)]


@router.get("/oversight")
async def show_country(session: Session, _by: Principal = may(staff, "oversight:read")) -> National:
    """Every body's figures, and which care groups are covered where."""
    return await dashboard.national(session)


@router.get("/oversight/{body}")
async def show_body(body: str, session: Session, _by: Principal = may(body_officers, "oversight:read")) -> Dashboard:
    """The networks of a body's area at a glance; `national` is the whole country."""
    return await dashboard.dashboard(session, body)


@router.get("/oversight/{body}/feed")
async def list_feed(
    body: str, session: Session, after: Annotated[str | None, Query(max_length=100)] = None, limit: Limit = 25,
    cursor: Annotated[str | None, Query(max_length=100)] = None, category: Category | None = None,
    open: Annotated[bool, Query(description="Only what nobody took note of.")] = False,
    mine: Annotated[bool, Query(description="Only what was given to you.")] = False,
    by: Principal = may(body_officers, "oversight:read"),
) -> Feed:  # fmt: skip
    """What changed in a body's area: newest first, or, *after* a position, exactly what came since, oldest first."""
    await dashboard.body_at(session, body)
    head, conditions = await feed.head_of(session), feed.shown_to(body, category)
    conditions += [follow_ups.open_in(body)] if open else []
    conditions += [follow_ups.given_to(body, by.person_id)] if mine else []
    given = cursor or after
    if after:
        found = await feed.items_after(session, conditions, after=head.offset_of(given or ""), limit=limit + 1)
    else:
        before = head.offset_of(given) if given else None
        found = await feed.newest_items(session, conditions, before=before, limit=limit + 1)
    items = await follow_ups.followed(session, body, await feed.shown(session, head.epoch, found[:limit]))
    seen = await feed.seen_by(session, by.person_id, body)
    return Feed(
        items=items, next=items[-1].position if len(found) > limit else None,
        total=await feed.count_of(session, conditions),
        position=head.position(), seen=f"{head.epoch}-{seen}",
        new_since=await feed.count_of(session, feed.shown_to(body), after=seen),
    )  # fmt: skip


@router.post("/oversight/{body}/feed/seen")
async def mark_seen(
    body: str, wanted: Seen, session: Session, by: Principal = may(body_officers, "oversight:write")
) -> SeenOut:
    """Say how far you have read a body's feed."""
    await dashboard.body_at(session, body)
    offset = await commands.mark_seen(session, body=body, up_to=wanted.up_to, by=by)
    head = await feed.head_of(session)
    new = await feed.count_of(session, feed.shown_to(body), after=offset)
    return SeenOut(seen=f"{head.epoch}-{offset}", new_since=new)


@router.get("/oversight/{body}/colleagues")
async def list_colleagues(
    body: str, session: Session, _by: Principal = may(body_officers, "oversight:read")
) -> Page[Colleague]:
    """Those who read a body's feed: whom a line of it can be given to."""
    found = await follow_ups.colleagues(session, body)
    return Page(items=found, total=len(found))


@router.get("/oversight/{body}/feed/{message_id}")
async def show_line(
    body: str, message_id: str, session: Session, _by: Principal = may(body_officers, "oversight:read")
) -> FollowedItem:
    """One line of a feed, with what became of it."""
    return await _line(session, body, await follow_ups.line_at(session, body, message_id))


@router.post("/oversight/{body}/feed/{message_id}/acknowledge")
async def acknowledge(
    body: str, message_id: str, wanted: Acknowledge, session: Session,
    by: Principal = may(body_officers, "oversight:write"),
) -> FollowedItem:  # fmt: skip
    """Say that you took note of a line, or take that back."""
    line = await commands.acknowledge(
        session, body=body, message_id=message_id, acknowledged=wanted.acknowledged, by=by, reason=wanted.reason
    )
    return await _line(session, body, line)


@router.post("/oversight/{body}/feed/{message_id}/assign")
async def assign(
    body: str, message_id: str, wanted: Assign, session: Session,
    by: Principal = may(body_officers, "oversight:write"),
) -> FollowedItem:  # fmt: skip
    """Give a line to somebody who reads the feed, who is told; or to nobody."""
    line = await commands.assign(
        session, body=body, message_id=message_id, person_id=wanted.person_id, by=by, reason=wanted.reason
    )
    return await _line(session, body, line)


@router.get("/oversight/{body}/feed/{message_id}/comments")
async def list_comments(
    body: str, message_id: str, session: Session, _by: Principal = may(body_officers, "oversight:read")
) -> Page[CommentOut]:
    """The comments on a line, the oldest first."""
    line = await follow_ups.line_at(session, body, message_id)
    found = await follow_ups.comments_on(session, body, line.offset)
    return Page(items=found, total=len(found))


@router.post("/oversight/{body}/feed/{message_id}/comments", status_code=201)
async def comment(
    body: str, message_id: str, wanted: NewComment, session: Session,
    by: Principal = may(body_officers, "oversight:write"),
) -> FollowedItem:  # fmt: skip
    """Write on a line, for those who oversee the area."""
    line = await commands.comment(
        session, body=body, message_id=message_id, text=wanted.text, by=by, reason=wanted.reason
    )
    return await _line(session, body, line)


async def _line(session: Session, body: str, line: FeedItem) -> FollowedItem:
    head = await feed.head_of(session)
    (found,) = await follow_ups.followed(session, body, await feed.shown(session, head.epoch, [line]))
    return found


@router.get("/internal/feed")
async def list_wires(
    session: Session, after: Offset = 0, limit: WireLimit = 500, _by: Principal = may(gateway_only, "internal")
) -> FeedWires:
    """The lines of every feed after an offset, for the live streams."""
    return await feed.wires_after(session, feed.NATIONAL, after=after, limit=limit)


@router.get("/internal/feed/{body}")
async def list_wires_of_body(
    body: str, session: Session, after: Offset = 0, limit: WireLimit = 500,
    _by: Principal = may(gateway_only, "internal"),
) -> FeedWires:  # fmt: skip
    """The lines of one body's feed after an offset, for a stream that resumes."""
    return await feed.wires_after(session, body, after=after, limit=limit)
