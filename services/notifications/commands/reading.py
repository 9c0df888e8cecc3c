"""Read and unread: a watermark for each person, and the exceptions to it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import head, offset_in
from services.notifications.audience import marked
from services.notifications.tables import alerts, read_exceptions, read_marks
from shared.auth import Principal
from shared.db import upsert


async def mark(session: AsyncSession, *, message_ids: Sequence[str], read: bool, by: Principal) -> None:
    """Mark single alerts as read or unread; ids of alerts that do not exist are passed over."""
    await marked(session, by.person_id, ids=list(message_ids), read=read)
    query = select(alerts.c.offset).where(alerts.c.message_id.in_(message_ids))
    offsets = (await session.execute(query)).scalars().all()
    if not offsets:
        return
    insert = upsert(session, read_exceptions)
    statement = insert.on_conflict_do_update(
        index_elements=[read_exceptions.c.person_id, read_exceptions.c.offset], set_={"read": insert.excluded.read}
    )
    rows = [{"person_id": by.person_id, "offset": offset, "read": read} for offset in offsets]
    await session.execute(statement, rows)


async def mark_all(session: AsyncSession, *, up_to: str, by: Principal) -> None:
    """Mark everything up to a position as read. Raises WrongPosition."""
    epoch, newest = await head(session)
    offset = min(offset_in(up_to, epoch), newest)
    await marked(session, by.person_id, up_to=f"{epoch}-{offset}", read=True)
    insert = upsert(session, read_marks)
    further = case((read_marks.c.up_to < insert.excluded.up_to, insert.excluded.up_to), else_=read_marks.c.up_to)
    statement = insert.on_conflict_do_update(index_elements=[read_marks.c.person_id], set_={"up_to": further})
    await session.execute(statement, {"person_id": by.person_id, "up_to": offset})
    mine = (read_exceptions.c.person_id == by.person_id, read_exceptions.c.offset <= offset)
    await session.execute(delete(read_exceptions).where(*mine))
