"""The desk: editing a draft, seeing it as a reader would, and its way to the readers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.api.newsletter import shown, stationery
from services.notifications.commands import corrections, items, trials
from services.notifications.commands import issues as ways
from services.notifications.queries import issues as queries
from services.notifications.queries.previews import preview_of
from services.notifications.schemas.newsletter import (
    Corrected,
    CorrectionBody,
    DeskItem,
    DeskMark,
    GroupMove,
    Issue,
    IssueChange,
    ItemWords,
    Move,
    OwnItem,
    Preview,
    Progress,
    Timetable,
    TrialRequest,
)
from shared.auth import Principal, Session, may, staff
from shared.boundary import ChangeBody, IfMatch, Router, etag

router = Router(tags=["newsletter"])
HERE = "/newsletter/issues/{issue_id}"
Reader = Annotated[str, Query(max_length=64)]


@router.patch(HERE)
async def edit_issue(
    issue_id: str, body: IssueChange, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(staff, "newsletter:write"),
) -> Issue:  # fmt: skip
    """Change a draft: title, introduction, and its items' order, texts, pins and drops."""
    fields = {name: value for name, value in body.fields().items() if name in items.WORDS}
    changes = [item.model_dump(exclude_unset=True) for item in body.items]
    await items.edit_issue(
        session, issue_id=issue_id, fields=fields, items=changes, by=by, expected=expected,
        words_version=body.words_version, reason=body.reason,
    )  # fmt: skip
    return await shown(session, response, issue_id)


@router.post(f"{HERE}/items", status_code=201)
async def add_item(
    issue_id: str, body: OwnItem, session: Session, response: Response, by: Principal = may(staff, "newsletter:write")
) -> DeskItem:
    """Add an item of your own words."""
    item_id = await items.add_item(session, issue_id=issue_id, fields=body.fields(), by=by, reason=body.reason)
    response.headers["location"] = f"/api/newsletter/issues/{issue_id}/items/{item_id}"
    return await _item(session, response, issue_id, item_id)


@router.get(f"{HERE}/items/{{item_id}}")
async def get_item(
    issue_id: str, item_id: str, session: Session, response: Response,
    _by: Principal = may(staff, "newsletter:read"),
) -> DeskItem:  # fmt: skip
    """One item; its ETag is its version."""
    return await _item(session, response, issue_id, item_id)


@router.patch(f"{HERE}/items/{{item_id}}")
async def edit_item(
    issue_id: str, item_id: str, body: ItemWords, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(staff, "newsletter:write"),
) -> DeskItem:  # fmt: skip
    """Write, pin or drop one item. With If-Match, words that somebody else wrote since are never overwritten (412)."""
    await items.edit_item(
        session, issue_id=issue_id, item_id=item_id, fields=body.fields(), by=by, expected=expected, reason=body.reason
    )
    return await _item(session, response, issue_id, item_id)


@router.post(f"{HERE}/items/{{item_id}}/move")
async def move_item(
    issue_id: str, item_id: str, body: Move, session: Session, response: Response,
    by: Principal = may(staff, "newsletter:write"),
) -> Issue:  # fmt: skip
    """Move an item within its care group, or among the pinned."""
    await items.move_item(session, issue_id=issue_id, item_id=item_id, to=body.to, by=by)
    return await shown(session, response, issue_id)


@router.post(f"{HERE}/items/{{item_id}}/correct", status_code=202)
async def correct(
    issue_id: str, item_id: str, body: CorrectionBody, session: Session,
    by: Principal = may(staff, "newsletter:write"),
) -> Corrected:  # fmt: skip
    """Correct an item of an issue that went out: those whose copy held it are told, and nobody else.

    While it is still going out, the copies that have not begun hold what is right, and their readers are told once.
    """
    told = await corrections.correct(
        session, issue_id=issue_id, item_id=item_id, text=body.text, headline=body.headline,
        message_id=body.message_id, by=by,
    )  # fmt: skip
    return Corrected(readers=told.readers, to_come=told.to_come)


@router.post(f"{HERE}/groups/move")
async def move_group(
    issue_id: str, body: GroupMove, session: Session, response: Response,
    by: Principal = may(staff, "newsletter:write"),
) -> Issue:  # fmt: skip
    """Move a care group with all its items."""
    await items.move_group(session, issue_id=issue_id, care_group=body.care_group, to=body.to, by=by)
    return await shown(session, response, issue_id)


@router.get(f"{HERE}/mark")
async def mark(issue_id: str, session: Session, _by: Principal = may(staff, "newsletter:read")) -> DeskMark:
    """Whether the desk has changed, for pages that watch it."""
    return DeskMark.model_validate(await queries.mark_of(session, issue_id))


@router.get(f"{HERE}/preview")
async def preview(
    issue_id: str, request: Request, session: Session, reader: Reader = "",
    _by: Principal = may(staff, "newsletter:read"),
) -> Preview:  # fmt: skip
    """The mail as a reader would get it, in HTML and text, and why each item is in it."""
    return Preview.model_validate(await preview_of(session, stationery(request), issue_id, reader))


@router.post(f"{HERE}/test", status_code=202)
async def send_test(
    issue_id: str, body: TrialRequest, session: Session, by: Principal = may(staff, "newsletter:write")
) -> dict[str, str]:
    """Send yourself a reader's copy."""
    return {"id": await trials.send_test(session, issue_id=issue_id, as_reader=body.reader, by=by)}


@router.post(f"{HERE}/schedule")
async def schedule(
    issue_id: str, body: Timetable, session: Session, response: Response,
    by: Principal = may(staff, "newsletter:write"),
) -> Issue:  # fmt: skip
    """Let an approved issue be sent by itself."""
    await ways.schedule_issue(session, issue_id=issue_id, at=body.at, by=by, reason=body.reason)
    return await shown(session, response, issue_id)


@router.get(f"{HERE}/progress")
async def progress(
    issue_id: str, request: Request, session: Session, _by: Principal = may(staff, "newsletter:read")
) -> Progress:
    """How far the sending has come, counted from the copies themselves."""
    return Progress.model_validate(await queries.progress_of(session, stationery(request), issue_id))


def _step(name: str, command: Callable[..., Awaitable[None]], status_code: int = 200) -> None:
    """A route for a step that needs nothing but a reason."""

    async def step(
        issue_id: str, body: ChangeBody, session: Session, response: Response,
        by: Principal = may(staff, "newsletter:write"),
    ) -> Issue:  # fmt: skip
        await command(session, issue_id=issue_id, by=by, reason=body.reason)
        return await shown(session, response, issue_id)

    step.__doc__, step.__name__ = command.__doc__, name
    router.post(f"{HERE}/{name}", status_code=status_code)(step)


for _name, _command, _status in (
    ("approve", ways.approve_issue, 200), ("reopen", ways.reopen_issue, 200), ("send", ways.send_issue, 202),
    ("pause", ways.pause_issue, 200), ("resume", ways.resume_issue, 200), ("cancel", ways.cancel_issue, 200),
):  # fmt: skip
    _step(_name, _command, _status)


async def _item(session: AsyncSession, response: Response, issue_id: str, item_id: str) -> DeskItem:
    item = await queries.item_at(session, issue_id, item_id)
    etag(response, item["version"])
    return DeskItem.model_validate(item)
