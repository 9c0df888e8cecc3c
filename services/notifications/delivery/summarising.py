"""Summarising: the worker that puts summaries together when they are due.

Any number of processes share the work: a person's row of `summaries` is theirs for as long as their transaction lasts,
others pass it over. One that dies has put nothing together, and the next begins where it began.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.delivery.pushes import order_pushes
from services.notifications.hours import Hours
from services.notifications.summaries import BY_DAILY, BY_PUSH, KIND, gather, reachable, takers
from services.notifications.tables import alerts, deliveries, preferences, summaries, summary_items
from shared import clock
from shared.db import among
from shared.rows import insert_rows
from shared.service import Parts

BATCH = 200
POLL_SECONDS = 1.0
KEPT = timedelta(days=30)
Item = tuple[int, str]
"""The offset of an alert, and how it would have come by itself."""


async def summarise(parts: Parts) -> None:
    """The worker: put together what is due until told to stop."""
    while True:
        async with parts.database.reading() as session:
            due = select(summaries.c.person_id).where(summaries.c.due_at <= clock.now()).limit(1)
            waiting = (await session.execute(due)).first()
        if waiting is None:
            await asyncio.sleep(POLL_SECONDS)
            continue
        async with parts.database.transaction() as session:
            await put_together(session)


async def put_together(session: AsyncSession, *, batch: int = BATCH) -> int:
    """Order the summaries of at most *batch* people, who are longest due; returns of how many."""
    moment = clock.now()
    due = select(summaries.c.person_id, summaries.c.daily_due).where(summaries.c.due_at <= moment)
    due = due.order_by(summaries.c.due_at).limit(batch).with_for_update(skip_locked=True)
    places = {row.person_id: row.daily_due for row in await session.execute(due)}
    if not places:
        return 0
    hours = await _hours_of(session, list(places))
    awake = [person_id for person_id in places if not hours[person_id].is_quiet(moment)]
    on_their_day = [person_id for person_id in awake if (day := places[person_id]) is None or day <= moment]
    await gather(session, on_their_day)
    await _order(session, await _waiting(session, awake, on_their_day))
    await _write_next(session, places, hours)
    return len(places)


async def _hours_of(session: AsyncSession, person_ids: Sequence[str]) -> dict[str, Hours]:
    query = select(preferences).where(among(session, preferences.c.person_id, person_ids))
    found = {row.person_id: Hours.of(row) for row in await session.execute(query)}
    return {person_id: found.get(person_id, Hours()) for person_id in person_ids}


async def _waiting(session: AsyncSession, awake: Sequence[str], on_their_day: Sequence[str]) -> dict[str, list[Item]]:
    """Person → what waits for them and is due: of the day's only where their day's summary is."""
    items = summary_items.c
    is_time = or_(items.by != BY_DAILY, among(session, items.person_id, on_their_day))
    query = select(items.person_id, items.offset, items.by).where(
        among(session, items.person_id, awake), items.thing == "", is_time
    )
    found: dict[str, list[Item]] = {}
    for row in await session.execute(query.order_by(items.offset)):
        found.setdefault(row.person_id, []).append((row.offset, row.by))
    return found


async def _order(session: AsyncSession, waiting: Mapping[str, Sequence[Item]]) -> None:
    """One mail for each person, or one notification where all of it would have been notifications."""
    if not waiting:
        return
    await _forget_old(session, list(waiting))
    things = {person_id: f"{person_id}.{items[-1][0]}" for person_id, items in waiting.items()}
    rows = [
        {"person_id": person_id, "offset": offset, "by": by, "thing": things[person_id]}
        for person_id, items in waiting.items() for offset, by in items
    ]  # fmt: skip
    put = 'ON CONFLICT (person_id, "offset") DO UPDATE SET thing = excluded.thing'
    await insert_rows(session, summary_items, rows, put)
    mailed = {person_id for person_id, items in waiting.items() if any(by != BY_PUSH for _, by in items)}
    mailed &= await reachable(session, mailed)
    await _order_mails(session, {person_id: things[person_id] for person_id in sorted(mailed)})
    pushed = [(things[person_id], person_id) for person_id in sorted(waiting.keys() - mailed)]
    await order_pushes(session, pushed)


async def _order_mails(session: AsyncSession, things: Mapping[str, str]) -> None:
    same = {
        "kind": KIND, "state": "pending", "attempts": 0, "next_at": clock.now(), "holder": "", "repeated": False,
        "reason": "",
    }  # fmt: skip
    rows = [{**same, "thing": thing, "reader_id": person_id} for person_id, thing in things.items()]
    if rows:
        await insert_rows(session, deliveries, rows, "ON CONFLICT DO NOTHING")


async def _forget_old(session: AsyncSession, person_ids: Sequence[str]) -> None:
    """What was told a month ago need not be known any more."""
    old = select(alerts.c.offset).where(alerts.c.stored_at < clock.now() - KEPT)
    mine = among(session, summary_items.c.person_id, person_ids), summary_items.c.thing != ""
    await session.execute(delete(summary_items).where(*mine, summary_items.c.offset.in_(old)))


async def _write_next(session: AsyncSession, places: Mapping[str, Any], hours: Mapping[str, Hours]) -> None:
    """When each is due next. For whom it is quiet, because they changed their hours, what is due waits for the end."""
    moment, taking = clock.now(), await takers(session, list(places))
    rows = []
    for person_id in sorted(places):
        quiet = hours[person_id].is_quiet(moment)
        following = hours[person_id].next_daily(moment) if person_id in taking else None
        due = hours[person_id].sound_again(moment) if quiet else following
        daily = places[person_id] if quiet else following
        rows.append({"person_id": person_id, "due_at": due, "daily_due": daily, "after": 0})
    put = "ON CONFLICT (person_id) DO UPDATE SET due_at = excluded.due_at, daily_due = excluded.daily_due"
    await insert_rows(session, summaries, rows, put)
