"""Corrections that may be due: what was announced of a thing since an issue told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.overtaken import FRESH
from services.notifications.digest import is_of_one_thing
from services.notifications.headlines import filled, names_in
from services.notifications.tables import alerts, corrections
from shared import clock

Things = dict[tuple[str, str], Mapping[str, Any]]


async def offers(session: AsyncSession, issue: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Item → the newest that was announced of its thing since, unless that, or something newer, corrected it."""
    if issue["pressed_at"] is None or issue["pressed_at"] < clock.now() - FRESH:
        return {}
    things: Things = {
        (item["category"], item["path"]): item for item in items if is_of_one_thing(item) and not item["dropped"]
    }
    said = select(corrections.c.message_id).where(corrections.c.issue_id == issue["id"])
    corrected = set((await session.execute(said)).scalars())
    newest: dict[str, Any] = {}
    for row in await _announced(session, things):
        item = things.get((row.category, row.path))
        if item is not None and row.time > item["time"] and row.message_id != item["message_id"]:
            newest[item["id"]] = row
    people = await names_in(session, (row.headline for row in newest.values()))
    return {
        item_id: {"message_id": row.message_id, "text": filled(row.headline, people), "time": row.time}
        for item_id, row in newest.items() if row.message_id not in corrected
    }  # fmt: skip


async def _announced(session: AsyncSession, things: Things) -> Sequence[Any]:
    """What was announced on the pages of these things since the first of them, in the order of time."""
    if not things:
        return ()
    a, since = alerts.c, min(item["time"] for item in things.values())
    query = select(a.message_id, a.headline, a.time, a.category, a.path).where(
        a.time > since, a.path.in_({path for _, path in things}), a.significance != "minor"
    )
    return (await session.execute(query.order_by(a.time, a.offset))).all()
