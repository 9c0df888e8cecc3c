"""An issue's way: draft ⇄ approved → sending (⇄ paused) → sent; from approved on it may be cancelled.

The draft grows in digest.py and is edited in commands/items.py. Whoever changed it last does not approve it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import digest
from services.notifications.delivery.rows import order_copies, stop_issue
from services.notifications.delivery.settling import settle
from services.notifications.letters.editions import items_of
from services.notifications.own_words import changed_since
from services.notifications.tables import issues
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.contracts.notifications import ISSUE_CHANGED, ISSUE_HELD, ISSUE_SENT, IssueState
from shared.errors import Conflict, NotFound, Unprocessable
from shared.outbox import change, publish


class NoSuchIssue(NotFound):
    """There is no issue of the newsletter at this address; /api/newsletter/issues lists them."""


class NotPossibleNow(Conflict):
    """The issue's status does not allow this."""


class NoReaders(Conflict):
    """Nobody has subscribed to the newsletter yet, so there is nobody to send it to."""


class SecondPerson(Conflict):
    """You changed this issue last, so somebody else has to approve it."""


class NotLookedAt(Conflict):
    """What some items tell of has changed since their words were written; look at each, then approve."""


class Overtaken(Conflict):
    """What some items tell of has changed since their words were written; take the approval back and look at each."""


class InThePast(Unprocessable):
    """This moment is past; choose a later one, or send the issue now."""


async def draft_issue(session: AsyncSession, *, by: Principal, reason: str = "") -> str:
    """The open draft, with all that the week has brought; returns its id."""
    issue_id = await digest.draft(session)
    await _record(session, await locked(session, issue_id), by=by, reason=reason)
    return issue_id


async def approve_issue(session: AsyncSession, *, issue_id: str, by: Principal, reason: str = "") -> None:
    """Approve a draft; what happens from now on goes into the next issue. Raises SecondPerson, NotLookedAt."""
    await digest.close_draft(session, issue_id)
    issue = await locked(session, issue_id)
    _require(issue, "approved", "draft")
    if issue["edited_by"] and issue["edited_by"] == by.person_id:
        raise SecondPerson
    await _require_looked_at(session, issue_id)
    await change_issue(
        session, issue, by=by, reason=reason, status="approved", approved_by=by.person_id, week_to=clock.today()
    )


async def reopen_issue(session: AsyncSession, *, issue_id: str, by: Principal, reason: str = "") -> None:
    """Take an approval back: the issue is a draft again, and the new draft goes on beside it."""
    issue = await locked(session, issue_id)
    _require(issue, "edited again", "approved")
    await change_issue(session, issue, by=by, reason=reason, status="draft", approved_by="", send_at=None)


async def schedule_issue(
    session: AsyncSession, *, issue_id: str, at: datetime | None, by: Principal, reason: str = ""
) -> None:
    """Let an approved issue be sent by itself at a moment; None takes that back. Raises InThePast, Overtaken."""
    issue = await locked(session, issue_id)
    _require(issue, "scheduled", "approved")
    if at is not None and at <= clock.now():
        raise InThePast(errors=[{"field": "at", "message": "must be later than now"}])
    if at is not None and await overtaken_items(session, issue_id):
        raise Overtaken
    await change_issue(session, issue, by=by, reason=reason, send_at=at)


async def hold_issue(session: AsyncSession, *, issue_id: str, by: Principal, items: int) -> None:
    """Take an issue's moment back, because so many of its items' own words were overtaken, and tell the staff."""
    issue = await locked(session, issue_id)
    if issue["status"] != "approved" or issue["send_at"] is None:
        raise NotPossibleNow(f"Issue {issue['number']} does not wait for a moment.")
    tell = "1 item tells" if items == 1 else f"{items} items tell"
    announced = Announcement(
        headline=f"Newsletter {issue['number']} is held back: "
        f"{tell} of something that has changed since the words were written",
        significance="major", path=f"/staff/newsletter/{issue_id}",
        concerns=Concerns(staff=True, people=tuple(filter(None, (issue["approved_by"], issue["edited_by"])))),
    )  # fmt: skip
    held = {**issue, "send_at": None, "revision": issue["revision"] + 1}
    await session.execute(update(issues).where(issues.c.id == issue_id).values(send_at=None, revision=held["revision"]))
    await publish(
        session,
        change(
            ISSUE_HELD, _state(held), key=issue_id, before=_before(issue), announcement=announced, actor=by.person_id,
            reason="held back",
        ),
    )  # fmt: skip


async def cancel_issue(session: AsyncSession, *, issue_id: str, by: Principal, reason: str = "") -> None:
    """Send no further copy, for good; those that have begun are finished, those that went are told of."""
    issue = await locked(session, issue_id)
    _require(issue, "cancelled", "approved", "sending", "paused")
    await settle(session)
    await stop_issue(session, issue_id)
    await change_issue(session, issue, by=by, reason=reason, status="cancelled", send_at=None)


async def send_issue(session: AsyncSession, *, issue_id: str, by: Principal, reason: str = "") -> None:
    """Press: every reader's copy is ordered now. Raises NoReaders."""
    issue = await locked(session, issue_id)
    _require(issue, "sent", "approved")
    readers = await order_copies(session, issue_id)
    if not readers:
        raise NoReaders
    pressed = {"status": "sending", "readers": readers, "pressed_at": clock.now(), "send_at": None}
    await change_issue(session, issue, by=by, reason=reason, **pressed)


async def pause_issue(session: AsyncSession, *, issue_id: str, by: Principal, reason: str = "") -> None:
    """Begin no further copy; those that have begun are finished."""
    issue = await locked(session, issue_id)
    _require(issue, "paused", "sending")
    await change_issue(session, issue, by=by, reason=reason, status="paused")


async def resume_issue(session: AsyncSession, *, issue_id: str, by: Principal, reason: str = "") -> None:
    """Go on with the copies that have not begun."""
    issue = await locked(session, issue_id)
    _require(issue, "resumed", "paused")
    await change_issue(session, issue, by=by, reason=reason, status="sending")


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


def _require(issue: RowMapping, wanted: str, *statuses: str) -> None:
    if issue["status"] not in statuses:
        present = {"draft": "still a draft", "sent": "sent already"}.get(issue["status"], issue["status"])
        raise NotPossibleNow(f"Issue {issue['number']} is {present}, so it cannot be {wanted}.")


async def _require_looked_at(session: AsyncSession, issue_id: str) -> None:
    if unseen := await overtaken_items(session, issue_id):
        raise NotLookedAt(errors=[{"field": item_id, "message": message} for item_id, message in unseen.items()])


async def overtaken_items(session: AsyncSession, issue_id: str) -> dict[str, str]:
    """Items whose words are staff's own and whose thing has changed since: id → what they say and what is so now."""
    items = {item["id"]: item for item in await items_of(session, issue_id)}
    unseen = await changed_since(session, items.values())
    return {item_id: f"{items[item_id]['headline']}. Since: {since['text']}" for item_id, since in unseen.items()}


async def change_issue(session: AsyncSession, issue: RowMapping, *, by: Principal, reason: str, **values: Any) -> None:
    """Write *values* as a new revision of a locked issue, with its history and message."""
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
        await change_issue(session, issue, by=by, reason=reason)


def _state(issue: Any) -> IssueState:
    return IssueState.model_validate({name: issue[name] for name in IssueState.model_fields})


def _before(issue: Any) -> dict[str, Any]:
    return _state(issue).model_dump(mode="json")
