"""Claiming and marking copies: every statement works on a set of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.delivery.settling import settle
from services.notifications.tables import (
    audience_members,
    deliveries,
    delivery_marks,
    issues,
    mutes,
    newsletter_readers,
    people,
    reader_address,
    reader_name,
    senders,
    suppressions,
)
from services.notifications.tables.newsletter import IS_OPEN
from shared import clock
from shared.db import UtcDateTime, among, upsert
from shared.hints import wake_after_commit
from shared.made import Made
from shared.mailer.addresses import as_known

LEASE_SECONDS = 5
WAKE = "copies"
"""What senders wait for, beside looking by themselves."""
OPEN = ("pending", "sending", "deferred")
Lists = dict[str, list[str]]
_BETWEEN = "\n"
"""Stands in no audience and no id."""


class Held(NamedTuple):
    """A copy that this sender holds. `audiences` and `muted` are the reader's, for the newsletter."""

    number: int
    kind: str
    thing: str
    reader_id: str
    name: str
    address: str
    attempts: int
    audiences: Sequence[str] = ()
    muted: Sequence[str] = ()


def _is_one_of(column: ColumnElement[str], *values: str) -> ColumnElement[bool]:
    """In words that stand in the statement, as they do in the conditions of its indexes."""
    return column.in_([literal_column(f"'{value}'") for value in values])


def _may_go() -> ColumnElement[bool]:
    """A newsletter's copy goes only while its issue is being sent: a pause holds at once."""
    going = exists().where(issues.c.id == deliveries.c.thing, _is_one_of(issues.c.status, "sending", "sent"))
    return or_(deliveries.c.kind != "newsletter", going)


def _is_due(senders_there: Select[str]) -> ColumnElement[bool]:
    """Whether a copy waits at the parameter *moment* and none of these senders holds it."""
    return and_(
        IS_OPEN, deliveries.c.next_at <= bindparam("moment", type_=UtcDateTime()),
        deliveries.c.holder.not_in(senders_there), _may_go(),
    )  # fmt: skip


_ALIVE = select(senders.c.id).where(senders.c.alive_until > bindparam("second"))
_FIRST_DUE = Made(select(deliveries.c.number).where(_is_due(_ALIVE)).limit(1))
"""An idle sender asks this ten times a second."""


async def anything_due(session: AsyncSession) -> bool:
    """Whether there is a copy to claim. A read, so that an idle sender never takes the lock of writers."""
    moment = clock.now()
    return bool(await _FIRST_DUE.rows(session, {"moment": moment, "second": int(moment.timestamp())}))


_KNOWN = select(senders.c.id)


def due_longest(limit: int) -> Select[int]:
    """The copies to claim at the parameter *moment*, in the order of the index of what is open.

    So they are never sorted, and of a hundred thousand a claim costs what it costs of a thousand.
    """
    due = select(deliveries.c.number).where(_is_due(_KNOWN))
    return due.order_by(deliveries.c.next_at, deliveries.c.number).limit(limit)


async def claim(session: AsyncSession, holder: str, *, limit: int) -> list[int]:
    """Hold the copies that have been due longest; returns their numbers.

    Senders that are gone are struck off first, and what they left is settled: a copy that is then in `sending` was
    begun by one of them, and goes again. One that wakes up late finds itself struck off, and begins nothing.
    """
    moment = clock.now()
    gone = select(senders.c.id).where(senders.c.alive_until <= int(moment.timestamp()))
    await session.execute(delete(senders).where(senders.c.id.in_(gone.with_for_update(skip_locked=True))))
    await settle(session, delivery_marks.c.holder.not_in(_KNOWN))
    locked = due_longest(limit).with_for_update(skip_locked=True, of=deliveries).cte("due")
    take = (
        update(deliveries)
        .where(deliveries.c.number.in_(select(locked.c.number)))
        .values(holder=holder)  # and no more: a state that is written, the same or not, is written into two indexes
        .returning(deliveries.c.number, deliveries.c.state)
    )
    taken = (await session.execute(take, {"moment": moment})).all()
    if begun := [row.number for row in taken if row.state == "sending"]:
        again = update(deliveries).where(among(session, deliveries.c.number, begun))
        await session.execute(again.values(repeated=True, state="pending"))
    return sorted(row.number for row in taken)


async def held(session: AsyncSession, numbers: Sequence[int]) -> list[Held]:
    """The copies with what is needed to write them: addresses as they are now, and each reader's audiences."""
    d = deliveries.c
    query = (
        select(
            d.number, d.kind, d.thing, d.reader_id, reader_name.label("name"), reader_address.label("address"),
            d.attempts,
        )
        .outerjoin(people, people.c.id == d.reader_id)
        .outerjoin(newsletter_readers, newsletter_readers.c.id == d.reader_id)
        .where(among(session, d.number, numbers))
        .order_by(d.number)
    )  # fmt: skip
    rows = [tuple(row) for row in await session.execute(query)]
    readers = [reader for _, kind, _, reader, *_ in rows if kind == "newsletter"]
    audiences, muted = await belongings(session, readers)
    return [
        Held(number, kind, thing, reader, name, to, attempts, audiences.get(reader, ()), muted.get(reader, ()))
        for number, kind, thing, reader, name, to, attempts in rows
    ]


async def belongings(session: AsyncSession, readers: Sequence[str]) -> tuple[Lists, Lists]:
    """The audiences of each reader, and the networks that each has muted."""
    m = audience_members.c
    audiences = _together(m.person_id, m.audience, among(session, m.person_id, readers), m.active)
    muted = _together(mutes.c.person_id, mutes.c.network_id, among(session, mutes.c.person_id, readers))
    return await _lists(session, audiences, readers), await _lists(session, muted, readers)


def _together(reader: Any, value: Any, *whose: ColumnElement[bool]) -> Select[str, str]:
    """The values of each reader as one row: a thousand readers have many thousand audiences."""
    return select(reader, func.aggregate_strings(value, _BETWEEN)).where(*whose).group_by(reader)


async def _lists(session: AsyncSession, query: Select[str, str], readers: Sequence[str]) -> Lists:
    if not readers:
        return {}
    return {reader: values.split(_BETWEEN) for reader, values in await session.execute(query)}


async def mark_refused(session: AsyncSession, copy: Held, reason: str, *, suppress: bool) -> None:
    """Mark a copy as refused for good, and the address too where it is the address's fault."""
    values = {"state": "refused", "holder": "", "reason": reason[:300]}
    await session.execute(update(deliveries).where(deliveries.c.number == copy.number).values(values))
    if suppress:
        row = {"address": as_known(copy.address), "reason": reason[:300], "since": clock.now()}
        await session.execute(upsert(session, suppressions).on_conflict_do_nothing(), row)


async def mark_deferred(session: AsyncSession, copy: Held, reason: str, *, seconds: float, repeated: bool) -> None:
    """Mark a copy to be tried again in *seconds*; *repeated*: it may have arrived all the same."""
    values = {
        "state": "deferred", "holder": "", "reason": reason[:300], "attempts": copy.attempts + 1,
        "next_at": clock.now() + timedelta(seconds=seconds),
        "repeated": or_(deliveries.c.repeated, literal(repeated)),
    }  # fmt: skip
    await session.execute(update(deliveries).where(deliveries.c.number == copy.number).values(values))


async def put_off(session: AsyncSession, holder: str, waits: Sequence[tuple[int, float]]) -> None:
    """Let go of copies whose domain is to wait, each for so many seconds. Nothing was tried, so no try is counted."""
    by_second: dict[int, list[int]] = {}
    for number, seconds in waits:
        by_second.setdefault(math.ceil(seconds), []).append(number)
    for seconds, numbers in by_second.items():
        later = {"state": "deferred", "holder": "", "next_at": clock.now() + timedelta(seconds=seconds)}
        mine = deliveries.c.holder == holder, deliveries.c.number.in_(numbers)
        reason = "Its domain takes no more for the moment."
        await session.execute(update(deliveries).where(*mine).values(**later, reason=reason))


async def give_back(session: AsyncSession, holder: str, numbers: Sequence[int] | None = None) -> None:
    """Let go of what was not begun; with *numbers*, also of these, begun in vain: nothing of them went out.

    The caller has settled the holder's marks.
    """
    mine = update(deliveries).where(deliveries.c.holder == holder)
    if numbers:
        back = {"state": "pending", "holder": ""}
        await session.execute(mine.where(deliveries.c.number.in_(numbers)).values(back))
    await session.execute(mine.where(deliveries.c.state != "sending").values(holder=""))


async def say_alive(session: AsyncSession, holder: str) -> None:
    """Keep the hold of this sender."""
    moment = int(clock.now().timestamp())
    alive = upsert(session, senders).on_conflict_do_update(
        index_elements=[senders.c.id], set_={"alive_until": moment + LEASE_SECONDS}
    )
    await session.execute(alive, {"id": holder, "alive_until": moment + LEASE_SECONDS})


async def say_gone(session: AsyncSession, holder: str) -> None:
    """Give up the hold at once."""
    await session.execute(delete(senders).where(senders.c.id == holder))


async def order_copies(session: AsyncSession, issue_id: str) -> int:
    """Order a copy of an issue for every reader; returns how many there are."""
    moment = literal(clock.now(), UtcDateTime())
    wanted = select(
        literal("newsletter"), literal(issue_id), newsletter_readers.c.id, literal("pending"), literal(0), moment,
        literal(""), literal(False), literal(""),
    ).select_from(readers_found())  # fmt: skip
    await session.execute(_insert_from(session, wanted.where(*is_reader())))
    wake_after_commit(session, WAKE)
    return (await session.execute(select(func.count()).where(deliveries.c.thing == issue_id))).scalar_one()


async def finished_issues(session: AsyncSession) -> list[str]:
    """Issues that are being sent and of which no copy waits for its first try."""
    return [issue_id for (issue_id,) in await _FINISHED.rows(session, {})]


_FINISHED = Made(
    select(issues.c.id).where(
        issues.c.status == "sending",
        ~exists().where(deliveries.c.thing == issues.c.id, _is_one_of(deliveries.c.state, "pending", "sending")),
    )
)


async def stop_copies(session: AsyncSession, kind: str, reader_id: str) -> None:
    """Send this reader nothing of this kind that has not begun."""
    waiting = deliveries.c.state.in_(("pending", "deferred"))
    theirs = update(deliveries).where(deliveries.c.reader_id == reader_id, deliveries.c.kind == kind, waiting)
    await session.execute(theirs.values(state="refused", reason="The reader stopped it.", holder=""))


async def stop_issue(session: AsyncSession, issue_id: str) -> None:
    """Send no copy of this issue that has not begun."""
    waiting = deliveries.c.kind == "newsletter", deliveries.c.state.in_(("pending", "deferred"))
    theirs = update(deliveries).where(deliveries.c.thing == issue_id, *waiting)
    await session.execute(theirs.values(state="refused", reason="The issue was cancelled.", holder=""))


async def reader_count(session: AsyncSession) -> int:
    """How many would get the newsletter now."""
    query = select(func.count()).select_from(readers_found()).where(*is_reader())
    return (await session.execute(query)).scalar_one()


def readers_found() -> Any:
    """Readers, with their record where they have an account."""
    return newsletter_readers.outerjoin(people, people.c.id == newsletter_readers.c.id)


def is_reader() -> tuple[ColumnElement[bool], ...]:
    """Confirmed, not unsubscribed, with an address that takes mail."""
    address = func.lower(reader_address)
    return (
        newsletter_readers.c.confirmed_at.is_not(None), newsletter_readers.c.unsubscribed_at.is_(None),
        address != "", address.not_in(select(suppressions.c.address)),
    )  # fmt: skip


def _insert_from(session: AsyncSession, rows: Any) -> Any:
    names = ["kind", "thing", "reader_id", "state", "attempts", "next_at", "holder", "repeated", "reason"]
    return upsert(session, deliveries).from_select(names, rows).on_conflict_do_nothing()
