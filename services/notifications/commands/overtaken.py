"""What is announced of a thing that stands in an issue already: a gathering moved, a poll closed, a course called off.

An issue that has not been pressed has its item changed. One that went out is corrected by itself where the change is
major; any other change is offered to staff, who correct with one press (queries/offers.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.corrections import correct
from services.notifications.digest import is_of_one_thing, same_news
from services.notifications.tables import issue_items, issues
from shared import clock
from shared.auth import Principal

FRESH = timedelta(days=28)
"""An issue older than this is not corrected by itself: its readers have long forgotten it."""


async def keep_true(session: AsyncSession, rows: Iterable[Mapping[str, Any]]) -> None:
    """Change, or correct, the items that new alerts say something else of."""
    newest = {same_news(row): row for row in rows if is_of_one_thing(row)}
    if not newest:
        return
    for item in await _items_of(session, list(newest)):
        row = newest[item.same]
        if item.message_id == row["message_id"] or row["significance"] == "minor" or row["time"] < item.time:
            continue
        if item.pressed_at is None:
            await _change(session, item, row)
        elif row["significance"] == "major":
            await correct(
                session, issue_id=item.issue_id, item_id=item.id, text=row["headline"], headline=row["headline"],
                by=Principal(row["actor"]), message_id=row["message_id"],
            )  # fmt: skip


async def _items_of(session: AsyncSession, sames: Sequence[str]) -> Sequence[Any]:
    """Items of these things in issues that have not gone, are going or went of late: each sought in its index."""
    status, pressed_at = issues.c.status, issues.c.pressed_at
    alive = or_(status.in_(("draft", "approved")), and_(status != "cancelled", pressed_at > clock.now() - FRESH))
    ids = (await session.execute(select(issues.c.id).where(alive))).scalars().all()
    i = issue_items.c
    query = select(i.id, i.issue_id, i.same, i.message_id, i.time, pressed_at).join(issues, issues.c.id == i.issue_id)
    return (await session.execute(query.where(i.issue_id.in_(ids), i.same.in_(sames), ~i.dropped))).all()


async def _change(session: AsyncSession, item: Any, row: Mapping[str, Any]) -> None:
    """Say the newest in an issue that has not been pressed, approved or opened again; what staff wrote stays."""
    held = select(issues.c.pressed_at).where(issues.c.id == item.issue_id).with_for_update()
    if (await session.execute(held)).scalar_one() is not None:
        return  # pressed at this moment: it is offered, or corrected by the next change
    said = {name: row[name] for name in ("message_id", "headline", "path", "time", "significance")}
    mine = issue_items.c.id == item.id, issue_items.c.time <= row["time"]
    await session.execute(update(issue_items).where(*mine).values(said))
