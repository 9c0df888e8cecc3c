"""Summaries: what is not told at once but together, at the reader's hour or when their quiet hours end.

    told daily ──gather()──▶┐
                            ├─▶ summary_items ──put_together()──▶ one mail (a delivery), one browser notification
    quiet now ────hold()───▶┘

Invariants:
1. An alert stands in at most one summary of one person, and what stands in one is not sent by itself: the key of
   `summary_items` says so. What is put together and its delivery commit together, so a kill repeats and loses nothing.
2. Everything up to `summaries.after` that was told daily has been gathered. It is gathered by the choices that held
   when it was told: they are read before a choice changes.
3. Whoever writes items of a person holds that person's row of `summaries`.
4. What a reader would, by their choices since, not get in this form is taken out, also of mails that have not begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, literal, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import head
from services.notifications.audience import Best, reach
from services.notifications.channels import DAILY, LIVE, MAIL
from services.notifications.hours import Hours
from services.notifications.tables import (
    alerts,
    choices,
    deliveries,
    people,
    preferences,
    summaries,
    summary_items,
    suppressions,
)
from shared import clock
from shared.db import among, upsert
from shared.rows import insert_rows

KIND = "summary"
"""Of the mail's delivery; its `thing` is the person's id and the last offset in it."""
BY_DAILY, BY_MAIL, BY_PUSH = "daily", "mail", "push"
FORMS = {BY_DAILY: (DAILY, MAIL), BY_MAIL: (DAILY, MAIL), BY_PUSH: (LIVE, MAIL)}
"""By which channels what stands in a summary may still be told."""


@dataclass(frozen=True, slots=True)
class Held:
    """An alert that one person is not told now, because it is quiet for them."""

    person_id: str
    by: str
    until: datetime


async def hold(session: AsyncSession, offset: int, held: Sequence[Held]) -> None:
    """Keep an alert for the end of each one's quiet hours."""
    if not held:
        return
    _, newest = await head(session)
    ends = {one.person_id: one.until for one in held}
    rows = [{"person_id": person_id, "due_at": ends[person_id], "after": newest} for person_id in sorted(ends)]
    earlier = "ON CONFLICT (person_id) DO UPDATE SET due_at = excluded.due_at " \
        "WHERE summaries.due_at IS NULL OR summaries.due_at > excluded.due_at"  # fmt: skip
    await insert_rows(session, summaries, rows, earlier)
    items = [{"person_id": one.person_id, "offset": offset, "by": one.by, "thing": ""} for one in held]
    await insert_rows(session, summary_items, items, "ON CONFLICT DO NOTHING")


async def gather(session: AsyncSession, person_ids: Sequence[str]) -> None:
    """Write down what these people were told daily since the last time; their rows of `summaries` are held."""
    mine = select(summaries.c.person_id, summaries.c.after).where(
        among(session, summaries.c.person_id, person_ids), summaries.c.daily_due.is_not(None)
    )
    places = (await session.execute(mine.with_for_update())).all()
    if not places:
        return
    _, newest = await head(session)
    ids, since = [place.person_id for place in places], min(place.after for place in places)
    if since < newest:
        names = ["person_id", "offset", "by", "thing"]
        new = upsert(session, summary_items).from_select(names, _told_daily(session, ids, since, newest))
        await session.execute(new.on_conflict_do_nothing())
    await session.execute(update(summaries).where(among(session, summaries.c.person_id, ids)).values(after=newest))


def _told_daily(session: AsyncSession, ids: Sequence[str], since: int, until: int) -> Select[Any]:
    new = alerts.c.offset > since, alerts.c.offset <= until
    told = reach(who=lambda person: among(session, person, ids), where=new).subquery("told")
    return (
        select(told.c.person_id, told.c.offset, literal(BY_DAILY), literal(""))
        .join(alerts, alerts.c.offset == told.c.offset)
        .join(summaries, summaries.c.person_id == told.c.person_id)
        .where(
            func.substr(told.c.best, 1, 1) == DAILY, told.c.offset > summaries.c.after,
            alerts.c.actor != told.c.person_id,
        )
    )  # fmt: skip


async def renew(session: AsyncSession, person_id: str) -> None:
    """Their choices or hours changed: find out when their summary is due, if they get one."""
    chose = (await session.execute(select(preferences).where(preferences.c.person_id == person_id))).first()
    daily_due = Hours.of(chose).next_daily(clock.now()) if await _takes_daily(session, person_id) else None
    place = (await session.execute(select(summaries).where(summaries.c.person_id == person_id))).first()
    if place is None and daily_due is None:
        return
    is_new = place is None or place.daily_due is None
    _, newest = await head(session)
    values: dict[str, Any] = {
        "daily_due": daily_due,
        "due_at": await _due_at(session, person_id, Hours.of(chose), daily_due),
    }
    values |= {"after": newest} if is_new else {}
    insert = upsert(session, summaries).on_conflict_do_update(index_elements=[summaries.c.person_id], set_=values)
    await session.execute(insert, {"after": newest, **values, "person_id": person_id})


async def _takes_daily(session: AsyncSession, person_id: str) -> bool:
    return person_id in await takers(session, [person_id])


async def takers(session: AsyncSession, person_ids: Sequence[str]) -> set[str]:
    """Those of these people who chose something to come daily."""
    chose = (
        select(table.c.person_id).where(among(session, table.c.person_id, person_ids), table.c.forms.contains(DAILY))
        for table in (preferences, choices)
    )
    return set((await session.execute(union(*chose))).scalars())


async def _due_at(session: AsyncSession, person_id: str, hours: Hours, daily_due: datetime | None) -> datetime | None:
    """The earlier of the daily summary and the end of quiet hours, where something waits for that.

    What was gathered of a day waits for its summary; who takes none any more gets it now.
    """
    waits = select(summary_items.c.offset).where(summary_items.c.person_id == person_id, summary_items.c.thing == "")
    if daily_due:
        waits = waits.where(summary_items.c.by != BY_DAILY)
    if (await session.execute(waits.limit(1))).first() is None:
        return daily_due
    sound = hours.sound_again(clock.now())
    return min(sound, daily_due) if daily_due else sound


async def take_out(session: AsyncSession, person_id: str) -> None:
    """Take out what they, by what they chose since, would not get so, and drop mails in which nothing is left."""
    waiting = select(summary_items.c.offset, summary_items.c.by, summary_items.c.thing).where(
        summary_items.c.person_id == person_id, or_(summary_items.c.thing == "", _has_not_begun())
    )
    items = (await session.execute(waiting)).all()
    if not items:
        return
    offsets = [item.offset for item in items]
    told = await session.execute(reach(person_id=person_id, where=[among(session, alerts.c.offset, offsets)]))
    channels = {row.offset: Best.of(row.best).channel for row in told}
    gone = [item.offset for item in items if channels.get(item.offset) not in FORMS[item.by]]
    mine = summary_items.c.person_id == person_id, among(session, summary_items.c.offset, gone)
    await session.execute(delete(summary_items).where(*mine))
    await _drop_empty(session, person_id)


def _has_not_begun() -> Any:
    return (
        select(deliveries.c.number)
        .where(
            deliveries.c.kind == KIND, deliveries.c.thing == summary_items.c.thing,
            deliveries.c.state.in_(("pending", "deferred")),
        )
        .exists()
    )  # fmt: skip


async def _drop_empty(session: AsyncSession, person_id: str) -> None:
    left = select(summary_items.c.offset).where(
        summary_items.c.person_id == person_id, summary_items.c.thing == deliveries.c.thing
    )
    empty = (
        deliveries.c.kind == KIND, deliveries.c.reader_id == person_id,
        deliveries.c.state.in_(("pending", "deferred")), ~left.exists(),
    )  # fmt: skip
    dropped = {"state": "refused", "reason": "The reader chose otherwise.", "holder": ""}
    await session.execute(update(deliveries).where(*empty).values(dropped))


async def reachable(session: AsyncSession, person_ids: Iterable[str]) -> set[str]:
    """Those of these people who have an address that takes mail."""
    ids = list(person_ids)
    takes_mail = func.lower(people.c.email).not_in(select(suppressions.c.address))
    query = select(people.c.id).where(among(session, people.c.id, ids), people.c.email != "", takes_mail)
    return set((await session.execute(query)).scalars())
