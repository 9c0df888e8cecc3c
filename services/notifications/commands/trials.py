"""Test copies: what staff send to themselves before an issue goes out."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.issues import locked
from services.notifications.tables import deliveries, issue_tests, people
from shared import clock
from shared.auth import Principal
from shared.envelope import new_id
from shared.errors import Conflict

KIND = "test"
"""Of the mail's delivery; its `thing` is the test's id."""


class NoAddress(Conflict):
    """Your record has no mail address, so there is nowhere to send a test to; add one and try again."""


async def send_test(session: AsyncSession, *, issue_id: str, as_reader: str, by: Principal) -> str:
    """Send *by* the copy that a reader would get, as the issue stands when it goes; returns the test's id."""
    await locked(session, issue_id)
    address = select(people.c.email).where(people.c.id == by.person_id, people.c.email != "")
    if (await session.execute(address)).first() is None:
        raise NoAddress
    identity, now = new_id(), clock.now()
    test = {"id": identity, "issue_id": issue_id, "as_reader": as_reader, "by": by.person_id, "at": now}
    await session.execute(insert(issue_tests), test)
    copy = {
        "kind": KIND, "thing": identity, "reader_id": by.person_id, "state": "pending", "attempts": 0, "next_at": now,
        "holder": "", "repeated": False, "reason": "",
    }  # fmt: skip
    await session.execute(insert(deliveries), copy)
    return identity
