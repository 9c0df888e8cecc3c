"""Fanning out: from one alert to a copy for each person who is to be reached outside the pages.

Invariants:
1. Storing an alert costs the same however many want it: one row of `fanouts`, and only where somebody may want it.
   The copies are ordered afterwards, BATCH people in a transaction.
2. Any number of processes share the work: a row is theirs for as long as their transaction lasts, others pass it over.
   One that dies has ordered nothing of its batch, and the next begins where the last batch ended.
3. For whom it is quiet, nothing is sent: it waits for the summary at the end of their quiet hours.
4. Only people who are `eager` are looked at: who chose mail at once, or whose browser is to be told. Whether and how
   each is told, `reach` decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import Best, reach
from services.notifications.channels import LIVE, MAIL
from services.notifications.delivery.pushes import order_pushes
from services.notifications.hours import Hours
from services.notifications.summaries import BY_MAIL, BY_PUSH, Held, hold
from services.notifications.tables import (
    alert_audiences,
    alerts,
    audience_members,
    browsers,
    deliveries,
    fanouts,
    people,
    preferences,
    suppressions,
)
from shared import clock
from shared.db import UtcDateTime, among, is_among, listed
from shared.made import Made
from shared.rows import insert_rows
from shared.service import Parts

BATCH = 1000
ALERTS = 50
POLL_SECONDS = 0.25
_FIRST = Made(select(fanouts.c.offset).limit(1))
HOURS = tuple(preferences.c[name] for name in ("zone", "quiet_from", "quiet_to", "daily_at"))
NEWS = timedelta(days=1)
"""A change older than this is no news: nobody is sent word of it, however late it is handled."""


async def order_fanouts(session: AsyncSession, offsets: Sequence[int]) -> None:
    """Order the fanning out of these alerts, where there may be somebody to reach outside the pages."""
    dialect = session.get_bind().dialect.name
    await session.execute(_ordered(dialect), {"offsets": listed(session, offsets), "news": clock.now() - NEWS})


@cache
def _ordered(dialect: str) -> Insert:
    is_news = alerts.c.time > bindparam("news", type_=UtcDateTime()), alerts.c.path.not_like("/newsletter/%")
    new = select(alerts.c.offset, literal("")).where(
        is_among(dialect, alerts.c.offset, "offsets"), *is_news, _is_wanted()
    )
    insert = postgresql.insert(fanouts) if dialect == "postgresql" else sqlite.insert(fanouts)
    return insert.from_select(["offset", "after"], new).on_conflict_do_nothing()


def _is_wanted() -> ColumnElement[bool]:
    """Whether anybody may want it: found in the small index of the eager, however many members an audience has.

    Nothing is asked of them beside, such as whether they still belong: SQLite would then take the index of all members,
    and read a million of them in each change. Whoever fans out asks.
    """
    told, member, person = alert_audiences.c, audience_members.c, preferences.c
    listed = exists().where(told.offset == alerts.c.offset, member.audience == told.audience, member.eager)
    anybody = exists().where(person.eager)
    others = exists().where(
        told.offset == alerts.c.offset,
        or_(and_(told.audience == "everyone", anybody), and_(told.audience.like("person:%"), _named_is_eager())),
    )
    return or_(listed, others)


def _named_is_eager() -> ColumnElement[bool]:
    named = func.substr(alert_audiences.c.audience, 8)
    return exists().where(preferences.c.eager, preferences.c.person_id == named).correlate(alert_audiences)


async def fan_out(parts: Parts) -> None:
    """The worker: order copies until told to stop."""
    while True:
        async with parts.database.reading() as session:
            waiting = await _FIRST.rows(session, {})
        if not waiting:
            await asyncio.sleep(POLL_SECONDS)
            continue
        async with parts.database.transaction() as session:
            await order_copies_of_some(session)


async def order_copies_of_some(session: AsyncSession, *, batch: int = BATCH) -> None:
    """Order the copies of at most *batch* people, the oldest alerts first."""
    mine = select(fanouts).order_by(fanouts.c.offset).limit(ALERTS).with_for_update(skip_locked=True)
    done, room = [], batch
    for offset, after in (await session.execute(mine)).all():
        ids = await _next_people(session, offset, after, room)
        await _order(session, offset, ids)
        if len(ids) == room:
            await session.execute(update(fanouts).where(fanouts.c.offset == offset).values(after=ids[-1]))
            break
        done.append(offset)
        room -= len(ids)
    await session.execute(delete(fanouts).where(among(session, fanouts.c.offset, done)))


async def _next_people(session: AsyncSession, offset: int, after: str, limit: int) -> list[str]:
    """The next eager people in this alert's audiences, each once, in the order of their ids."""
    told = select(alert_audiences.c.audience).where(alert_audiences.c.offset == offset)
    found: set[str] = set()
    for audience in (await session.execute(told)).scalars().all():
        found.update((await session.execute(_eager_in(audience, after).limit(limit))).scalars().all())
    return sorted(found)[:limit]


def _eager_in(audience: str, after: str) -> Select[str]:
    if audience == "everyone" or audience.startswith("person:"):
        person = preferences.c.person_id
        query = select(person).where(preferences.c.eager, person > after)
        return (query if audience == "everyone" else query.where(person == audience[7:])).order_by(person)
    person = audience_members.c.person_id
    here = audience_members.c.audience == audience, audience_members.c.eager, audience_members.c.active
    return select(person).distinct().where(*here, person > after).order_by(person)


class _Wanted(NamedTuple):
    """Somebody who is told an alert outside the pages, and by which ways."""

    person_id: str
    by_mail: bool
    by_push: bool
    hours: Hours


async def _order(session: AsyncSession, offset: int, ids: Sequence[str]) -> None:
    """Tell those among *ids* who are told at once by mail or in the browser; for whom it is quiet, later."""
    if not ids:
        return
    alert = (await session.execute(select(alerts.c.message_id, alerts.c.actor).where(alerts.c.offset == offset))).one()
    wanted = [one for one in await _wanting(session, offset, ids) if one.person_id != alert.actor]
    moment = clock.now()
    quiet = [one for one in wanted if one.hours.is_quiet(moment)]
    held = [
        Held(one.person_id, BY_MAIL if one.by_mail else BY_PUSH, one.hours.sound_again(moment)) for one in quiet
    ]  # fmt: skip
    await hold(session, offset, held)
    awake = [one for one in wanted if not one.hours.is_quiet(moment)]
    rows = [_copy("alert", alert.message_id, one.person_id) for one in awake if one.by_mail]
    if rows:
        await insert_rows(session, deliveries, rows, "ON CONFLICT DO NOTHING")
    await order_pushes(session, [(alert.message_id, one.person_id) for one in awake if one.by_push])


async def _wanting(session: AsyncSession, offset: int, ids: Sequence[str]) -> list[_Wanted]:
    told = reach(where=[alerts.c.offset == offset], who=lambda person: among(session, person, ids)).subquery("told")
    has_browser = exists().where(browsers.c.person_id == told.c.person_id).label("has_browser")
    query = (
        select(told.c.person_id, told.c.best, people.c.email, suppressions.c.address, has_browser, *HOURS)
        .join(people, people.c.id == told.c.person_id)
        .join(preferences, preferences.c.person_id == told.c.person_id)
        .outerjoin(suppressions, suppressions.c.address == func.lower(people.c.email))
    )
    found = []
    for row in await session.execute(query):
        channel = Best.of(row.best).channel
        by_mail = channel == MAIL and bool(row.email) and not row.address
        by_push = row.has_browser and channel in (LIVE, MAIL)
        if by_mail or by_push:
            found.append(_Wanted(row.person_id, by_mail, by_push, Hours.of(row)))
    return found


def _copy(kind: str, thing: str, person_id: str) -> dict[str, Any]:
    return {
        "kind": kind, "thing": thing, "reader_id": person_id, "state": "pending", "attempts": 0,
        "next_at": clock.now(), "holder": "", "repeated": False, "reason": "",
    }  # fmt: skip
