"""Read and unread: a watermark for each person, and the exceptions to it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import head, offset_in
from services.notifications.audience import marked
from services.notifications.tables import alerts, read_exceptions, read_marks, read_undos
from shared.auth import Principal
from shared.db import upsert
from shared.errors import Conflict
from shared.rows import insert_rows


class NothingToTakeBack(Conflict):
    """There is no "all read" of yours that could be taken back; mark single alerts as unread instead."""


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
    await _remember(session, by.person_id, offset)
    insert = upsert(session, read_marks)
    further = case((read_marks.c.up_to < insert.excluded.up_to, insert.excluded.up_to), else_=read_marks.c.up_to)
    statement = insert.on_conflict_do_update(index_elements=[read_marks.c.person_id], set_={"up_to": further})
    await session.execute(statement, {"person_id": by.person_id, "up_to": offset})
    mine = (read_exceptions.c.person_id == by.person_id, read_exceptions.c.offset <= offset)
    await session.execute(delete(read_exceptions).where(*mine))


async def _remember(session: AsyncSession, person_id: str, offset: int) -> None:
    """Keep how it stood, for the last "all read" alone; where nothing new is marked the one before stays."""
    mark = await _mark_of(session, person_id)
    if mark >= offset:
        return
    mine = read_exceptions.c.person_id == person_id, read_exceptions.c.offset <= offset
    gone = await session.execute(select(read_exceptions.c.offset, read_exceptions.c.read).where(*mine))
    values = {"up_to": mark, "exceptions": [[row.offset, row.read] for row in gone]}
    insert = upsert(session, read_undos)
    statement = insert.on_conflict_do_update(index_elements=[read_undos.c.person_id], set_=values)
    await session.execute(statement, {"person_id": person_id, **values})


async def take_back(session: AsyncSession, *, by: Principal) -> None:
    """Let it stand as before the last "all read"; what was marked one by one since stays. Raises NothingToTakeBack."""
    await marked(session, by.person_id)
    mine = read_undos.c.person_id == by.person_id
    before = (await session.execute(select(read_undos).where(mine))).first()
    if before is None:
        raise NothingToTakeBack
    mark = update(read_marks).where(read_marks.c.person_id == by.person_id)
    await session.execute(mark.values(up_to=before.up_to))
    rows = [{"person_id": by.person_id, "offset": offset, "read": read} for offset, read in before.exceptions]
    if rows:
        await insert_rows(session, read_exceptions, rows, "ON CONFLICT DO NOTHING")
    await session.execute(delete(read_undos).where(mine))


async def _mark_of(session: AsyncSession, person_id: str) -> int:
    mark = select(read_marks.c.up_to).where(read_marks.c.person_id == person_id)
    return int((await session.execute(mark)).scalar() or 0)
