"""The timetable: an issue that was given a moment is sent then, also when the process was down at that moment."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.issues import NoReaders, NotPossibleNow, schedule_issue, send_issue
from services.notifications.tables import issues
from shared import clock
from shared.auth import Principal
from shared.service import Parts

log = structlog.get_logger()
POLL_SECONDS = 1.0


async def keep_timetable(parts: Parts) -> None:
    """The worker: send what is due until told to stop."""
    while True:
        async with parts.database.reading() as session:
            due = await issues_due(session)
        for issue_id, approver in due:
            try:
                async with parts.database.transaction() as session:
                    await send_due(session, issue_id, Principal(approver, is_staff=True))
            except NotPossibleNow:  # another process was quicker, or somebody stopped it
                continue
        await asyncio.sleep(POLL_SECONDS)


async def issues_due(session: AsyncSession) -> list[tuple[str, str]]:
    """Approved issues whose moment has come, each with who approved it."""
    due = select(issues.c.id, issues.c.approved_by).where(
        issues.c.status == "approved", issues.c.send_at <= clock.now()
    )
    return [(row.id, row.approved_by) for row in await session.execute(due)]


async def send_due(session: AsyncSession, issue_id: str, approver: Principal) -> None:
    """Send one. With nobody to send it to its moment is taken back, and the desk shows it unsent."""
    try:
        await send_issue(session, issue_id=issue_id, by=approver, reason="at the time that was set")
    except NoReaders:
        log.warning("issue_without_readers", issue=issue_id)
        await schedule_issue(session, issue_id=issue_id, at=None, by=approver, reason=NoReaders.__doc__ or "")
