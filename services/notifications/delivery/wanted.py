"""Copies that wait, and whether they are still wanted."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import Best, reach
from services.notifications.channels import MAIL
from services.notifications.summaries import take_out
from services.notifications.tables import alerts, deliveries
from shared.db import among

WAITING = ("pending", "deferred")
CHANNEL_OF = {"alert": MAIL}
"""What sort of copy tells of single alerts, and by which channel."""


async def drop_unwanted(session: AsyncSession, person_id: str) -> None:
    """Send a person nothing that has not begun and that they, by what they chose since, would not get in this form."""
    await take_out(session, person_id)
    mine = deliveries.c.reader_id == person_id, deliveries.c.kind.in_(CHANNEL_OF), deliveries.c.state.in_(WAITING)
    waiting = (
        await session.execute(select(deliveries.c.number, deliveries.c.kind, deliveries.c.thing).where(*mine))
    ).all()
    if not waiting:
        return
    things = [row.thing for row in waiting]
    told = reach(person_id=person_id, where=[among(session, alerts.c.message_id, things)]).subquery("told")
    query = select(alerts.c.message_id, told.c.best).join(told, told.c.offset == alerts.c.offset)
    channels = {row[0]: Best.of(row[1]).channel for row in await session.execute(query)}
    unwanted = [row.number for row in waiting if channels.get(row.thing) != CHANNEL_OF[row.kind]]
    dropped = {"state": "refused", "reason": "The reader chose otherwise.", "holder": ""}
    await session.execute(update(deliveries).where(among(session, deliveries.c.number, unwanted)).values(dropped))
