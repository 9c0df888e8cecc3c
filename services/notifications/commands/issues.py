"""An issue's way: draft → approved → sending (⇄ paused) → sent. The draft itself grows in digest.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import digest
from services.notifications.delivery.rows import order_copies
from services.notifications.tables import issue_items, issues
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.notifications import ISSUE_CHANGED, ISSUE_SENT, IssueState
from shared.errors import Conflict, NotFound, Unprocessable
from shared.outbox import change, publish


class NoSuchIssue(NotFound):
    """There is no issue of the newsletter at this address; /api/newsletter/issues lists them."""


class NotPossibleNow(Conflict):
    """The issue's status does not allow this."""


class NoReaders(Conflict):
    """Nobody has subscribed to the newsletter yet, so there is nobody to send it to."""


class UnknownItem(Unprocessable):
    """An item is not one of this issue; load the issue again."""


async def draft_issue(session: AsyncSession, *, by: Principal, reason: str = "") -> str:
    """The open draft, with all that the week has brought; returns its id."""
    issue_id = await digest.draft(session)
    await _record(session, await locked(session, issue_id), by=by, reason=reason)
    return issue_id


async def edit_issue(
    session: AsyncSession, *, issue_id: str, fields: dict[str, Any], items: Sequence[dict[str, Any]],
    by: Principal, expected: int | None = None, reason: str = "",
) -> None:  # fmt: skip
    """Change a draft's title, introduction and items. Raises NoSuchIssue, ChangedMeanwhile, NotPossibleNow."""
    issue = await locked(session, issue_id)
    require_revision(expected, issue["revision"])
    if issue["status"] != "draft":
        raise NotPossibleNow(f"Issue {issue['number']} is {issue['status']}; only a draft can be edited.")
    known = select(issue_items.c.id).where(issue_items.c.issue_id == issue_id)
    if {item["id"] for item in items} - set((await session.execute(known)).scalars()):
        raise UnknownItem
    for item in items:
        values = {("place" if name == "position" else name): value for name, value in item.items() if name != "id"}
        if values:
            await session.execute(update(issue_items).where(issue_items.c.id == item["id"]).values(values))
    await _change(session, issue, by=by, reason=reason, **fields)


async def approve_issue(session: AsyncSession, *, issue_id: str, by: Principal, reason: str = "") -> None:
    """Approve a draft; what happens from now on goes into the next issue."""
    await digest.close_draft(session)
    issue = await locked(session, issue_id)
    _require(issue, "draft", "approved")
    await _change(
        session, issue, by=by, reason=reason, status="approved", approved_by=by.person_id, week_to=clock.today()
    )


async def send_issue(session: AsyncSession, *, issue_id: str, by: Principal, reason: str = "") -> None:
    """Press: every reader's copy is ordered now. Raises NoReaders."""
    issue = await locked(session, issue_id)
    _require(issue, "approved", "sent")
    readers = await order_copies(session, issue_id)
    if not readers:
        raise NoReaders
    await _change(session, issue, by=by, reason=reason, status="sending", readers=readers, pressed_at=clock.now())


async def pause_issue(session: AsyncSession, *, issue_id: str, by: Principal, reason: str = "") -> None:
    """Begin no further copy; those that have begun are finished."""
    issue = await locked(session, issue_id)
    _require(issue, "sending", "paused")
    await _change(session, issue, by=by, reason=reason, status="paused")


async def resume_issue(session: AsyncSession, *, issue_id: str, by: Principal, reason: str = "") -> None:
    """Go on with the copies that have not begun."""
    issue = await locked(session, issue_id)
    _require(issue, "paused", "resumed")
    await _change(session, issue, by=by, reason=reason, status="sending")


async def finish_sent(session: AsyncSession, issue_ids: Sequence[str]) -> None:
    """Call these issues sent and tell everybody. One that another process has finished meanwhile is passed over."""
    for issue_id in issue_ids:
        issue = await locked(session, issue_id)
        if issue["status"] == "sending":
            values = {"status": "sent", "sent_at": clock.now(), "revision": issue["revision"] + 1}
            await session.execute(update(issues).where(issues.c.id == issue_id).values(values))
            sent = {**issue, **values}
            headline = f"Newsletter {issue['number']} is out"
            announced = Announcement(
                headline=headline, category="news", path=f"/newsletter/{issue['number']}",
                concerns=Concerns(everyone=True),
            )  # fmt: skip
            await publish(
                session, change(ISSUE_SENT, _state(sent), key=issue_id, before=_before(issue), announcement=announced)
            )


async def locked(session: AsyncSession, issue_id: str) -> RowMapping:
    """The issue, its row locked until the transaction ends. Raises NoSuchIssue."""
    query = select(issues).where(issues.c.id == issue_id).with_for_update()
    issue = (await session.execute(query)).mappings().first()
    if issue is None:
        raise NoSuchIssue
    return issue


def _require(issue: RowMapping, status: str, wanted: str) -> None:
    if issue["status"] != status:
        present = {"draft": "still a draft", "sent": "sent already"}.get(issue["status"], issue["status"])
        raise NotPossibleNow(f"Issue {issue['number']} is {present}, so it cannot be {wanted}.")


async def _change(session: AsyncSession, issue: RowMapping, *, by: Principal, reason: str, **values: Any) -> None:
    values["revision"] = issue["revision"] + 1
    await session.execute(update(issues).where(issues.c.id == issue["id"]).values(values))
    changed = change(
        ISSUE_CHANGED, _state({**issue, **values}), key=issue["id"], before=_before(issue), actor=by.person_id,
        reason=reason, minor=True,
    )  # fmt: skip
    await publish(session, changed)


async def _record(session: AsyncSession, issue: RowMapping, *, by: Principal, reason: str) -> None:
    """A draft made by hand is in the history; one that the week made is in its items."""
    if issue["revision"] == 1:
        await _change(session, issue, by=by, reason=reason)


def _state(issue: Any) -> IssueState:
    return IssueState.model_validate({name: issue[name] for name in IssueState.model_fields})


def _before(issue: Any) -> dict[str, Any]:
    return _state(issue).model_dump(mode="json")
