"""What officers change, and the reference data. A command never commits."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.queries.feed import head_of, seen_by
from services.oversight.reference import rows
from services.oversight.tables import Body, FeedSeen
from shared import clock
from shared.auth import Principal
from shared.db import upsert


async def load_reference(session: AsyncSession) -> None:
    """Make sure that the oversight bodies of the reference data are known."""
    found = [{"code": r["code"], "kind": "sha", "name": r["name"], "region": r["region"]} for r in rows("shas")]
    await session.execute(upsert(session, Body.__table__).on_conflict_do_nothing(), found)  # type: ignore[arg-type]


async def mark_seen(session: AsyncSession, *, body: str, up_to: str, by: Principal) -> int:
    """Note how far somebody has read the feed of *body*; returns the offset. What was read stays read.

    Raises WrongPosition, OtherFeed. Nothing is said on the log: how far somebody read is nobody else's concern.
    """
    head = await head_of(session)
    offset = max(min(head.offset_of(up_to), head.offset), await seen_by(session, by.person_id, body))
    mark = {"person_id": by.person_id, "body": body, "offset": offset, "seen_at": clock.now()}
    insert: Any = upsert(session, FeedSeen.__table__)  # type: ignore[arg-type]
    newer = insert.on_conflict_do_update(
        index_elements=["person_id", "body"], where=FeedSeen.offset < insert.excluded.offset,
        set_={"offset": insert.excluded.offset, "seen_at": insert.excluded.seen_at},
    )  # fmt: skip
    await session.execute(newer, [mark])
    return offset
