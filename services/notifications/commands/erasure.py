"""Erasure: a person goes from every table; alerts that name them keep an id that nobody can resolve."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import changed
from services.notifications.tables import (
    alert_audiences,
    audience_members,
    deliveries,
    mutes,
    newsletter_readers,
    people,
    preferences,
    read_exceptions,
    read_marks,
)


async def forget(session: AsyncSession, person_id: str) -> None:
    """Delete everything about a person: record, audiences, choices, what they read, copies sent and to be sent."""
    owned = {
        people: people.c.id, audience_members: audience_members.c.person_id, mutes: mutes.c.person_id,
        preferences: preferences.c.person_id, read_marks: read_marks.c.person_id,
        read_exceptions: read_exceptions.c.person_id, newsletter_readers: newsletter_readers.c.id,
        deliveries: deliveries.c.reader_id,
    }  # fmt: skip
    for table, column in owned.items():
        await session.execute(delete(table).where(column == person_id))
    await session.execute(delete(alert_audiences).where(alert_audiences.c.audience == f"person:{person_id}"))
    changed(session, [person_id])
