"""The timetable: an issue that was given a moment is sent then, also when the process was down at that moment.

What is announced meanwhile changes its items by itself (commands/overtaken.py). What staff wrote nobody else can put
right: where that is overtaken the issue is held back at once, not at its moment, so that there is time to look.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.issues import (
    NoReaders,
    NotPossibleNow,
    hold_issue,
    overtaken_items,
    schedule_issue,
    send_issue,
)
from services.notifications.tables import issues
from shared import clock
from shared.auth import Principal
from shared.service import Parts

log = structlog.get_logger()
POLL_SECONDS = 1.0
LOOK_SECONDS = 10.0
"""From one look at what has become of an issue's own words to the next, before its moment."""


class Waiting(NamedTuple):
    """An approved issue, its moment, and in whose name it goes."""

    id: str
    at: datetime
    approver: Principal

    @property
    def is_due(self) -> bool:
        """Whether its moment has come."""
        return self.at <= clock.now()


async def keep_timetable(parts: Parts) -> None:
    """The worker: send what is due, hold back what was overtaken, until told to stop."""
    look_at = 0.0
    while True:
        is_looking = time.monotonic() >= look_at
        look_at = time.monotonic() + LOOK_SECONDS if is_looking else look_at
        async with parts.database.reading() as session:
            waiting = [one for one in await issues_waiting(session) if is_looking or one.is_due]
            wanted = [one for one in waiting if one.is_due or await overtaken_items(session, one.id)]
        for issue in wanted:
            try:
                async with parts.database.transaction() as session:
                    await see_to(session, issue)
            except NotPossibleNow:  # another process was quicker, or somebody stopped it
                continue
        await asyncio.sleep(POLL_SECONDS)


async def issues_waiting(session: AsyncSession) -> list[Waiting]:
    """Approved issues that have a moment."""
    i = issues.c
    query = select(i.id, i.send_at, i.approved_by).where(i.status == "approved", i.send_at.is_not(None))
    return [Waiting(row[0], row[1], Principal(row[2], is_staff=True)) for row in await session.execute(query)]


async def see_to(session: AsyncSession, issue: Waiting) -> None:
    """Hold one back whose own words were overtaken; else send it when it is due.

    With nobody to send it to its moment is taken back, and the desk shows it unsent.
    """
    if overtaken := await overtaken_items(session, issue.id):
        log.warning("issue_held_back", issue=issue.id, items=len(overtaken))
        await hold_issue(session, issue_id=issue.id, by=issue.approver, items=len(overtaken))
    elif issue.is_due:
        await _send(session, issue)


async def _send(session: AsyncSession, issue: Waiting) -> None:
    try:
        await send_issue(session, issue_id=issue.id, by=issue.approver, reason="at the time that was set")
    except NoReaders:
        log.warning("issue_without_readers", issue=issue.id)
        await schedule_issue(session, issue_id=issue.id, at=None, by=issue.approver, reason=NoReaders.__doc__ or "")
