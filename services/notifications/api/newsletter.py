"""The newsletter: the desk where staff make it, and the archive that everybody reads."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request, Response

from services.notifications.commands import issues as commands
from services.notifications.letters.stationery import Stationery
from services.notifications.queries import issues as queries
from services.notifications.schemas.newsletter import (
    ArchivedIssue,
    Issue,
    IssueSummary,
    PublicIssue,
)
from shared.auth import Principal, Session, anyone, may, staff
from shared.boundary import ChangeBody, Router, etag
from shared.errors import BadRequest
from shared.fields import Page

router = Router(tags=["newsletter"])
Limit = Annotated[int, Query(ge=1, le=100)]
Status = Literal["", "draft", "approved", "sending", "paused", "sent", "cancelled"]
Words = Annotated[str, Query(max_length=200, description="Words of the title or introduction, or the number.")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class WrongCursor(BadRequest):
    """The cursor is not one of ours; begin again without it."""


def stationery(request: Request) -> Stationery:
    """The stationery of this installation."""
    return Stationery(request.app.state.parts.settings)


def _before(cursor: str) -> int | None:
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise WrongCursor
    return int(cursor) if cursor else None


@router.get("/newsletter/issues")
async def list_issues(
    session: Session, status: Status = "", limit: Limit = 25, cursor: str = "", q: Words = "",
    _by: Principal = may(staff, "newsletter:read"),
) -> Page[IssueSummary]:  # fmt: skip
    """The issues, newest first."""
    found, total = await queries.issues_page(session, status=status, before=_before(cursor), limit=limit, q=q)
    items = [IssueSummary.model_validate(issue) for issue in found[:limit]]
    return Page(items=items, next=str(items[-1].number) if len(found) > limit else None, total=total)


@router.post("/newsletter/issues", status_code=201)
async def draft_issue(
    body: ChangeBody, session: Session, response: Response, by: Principal = may(staff, "newsletter:write")
) -> Issue:
    """The open draft, begun where there is none, with all that the week has brought."""
    issue_id = await commands.draft_issue(session, by=by, reason=body.reason)
    response.headers["location"] = f"/api/newsletter/issues/{issue_id}"
    return await shown(session, response, issue_id)


@router.get("/newsletter/issues/{issue_id}")
async def get_issue(
    issue_id: str, session: Session, response: Response, reader: Annotated[str, Query(max_length=64)] = "",
    _by: Principal = may(staff, "newsletter:read"),
) -> Issue:  # fmt: skip
    """One issue; with *reader*, the items of that reader's copy and why each is in it."""
    return await shown(session, response, issue_id, reader)


@router.get("/newsletter/archive")
async def archive(
    session: Session, limit: Limit = 25, cursor: str = "", q: Words = "",
    _by: Principal = may(anyone, "newsletter:read"),
) -> Page[ArchivedIssue]:  # fmt: skip
    """The issues that were sent, newest first."""
    found, total = await queries.issues_page(session, status="sent", before=_before(cursor), limit=limit, q=q)
    items = [ArchivedIssue.model_validate(issue) for issue in found[:limit]]
    return Page(items=items, next=str(items[-1].number) if len(found) > limit else None, total=total)


@router.get("/newsletter/archive/{number}")
async def archived(
    number: Number, session: Session, network: Annotated[str, Query(max_length=64)] = "",
    _by: Principal = may(anyone, "newsletter:read"),
) -> PublicIssue:  # fmt: skip
    """The general edition of a sent issue, or with *network* (its id) the edition of that network."""
    issue = await queries.sent_issue(session, number)
    return PublicIssue.model_validate({**issue, "items": await queries.public_items(session, issue["id"], network)})


async def shown(session: Any, response: Response, issue_id: str, reader: str = "") -> Issue:
    """The issue with its items, and its ETag on *response*."""
    issue = await queries.issue_at(session, issue_id)
    items = await (queries.items_for(session, issue_id, reader) if reader else queries.all_items(session, issue_id))
    etag(response, issue["revision"])
    return Issue.model_validate({**issue, "items": items})
