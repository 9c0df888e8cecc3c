"""Claiming endpoints, loading what is due there, and writing down what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    BindParameter,
    TextClause,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text

from services.notifications.matching import lock_endpoints
from services.notifications.tables import (
    alert_contents,
    alerts,
    senders,
    subscriptions,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
)
from services.notifications.tables.subscriptions import IS_OPEN
from shared import clock
from shared.db import UtcDateTime, among
from shared.made import Made
from shared.outside.calls import Answer

MESSAGES_A_VISIT = {"quick": 20, "new": 4, "slow": 4}
"""By pace: who may not answer at all is not made twenty messages for."""
KEPT = timedelta(days=30)
"""How long the log of deliveries, answers and the contents for repetition are kept."""
SWEPT = 5_000
SET_ASIDE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Visit:
    """One endpoint, held by this sender, and what is due there. Rows are of the tables."""

    endpoint: Mapping[str, Any]
    subscription: Mapping[str, Any]
    due: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one message: its new state, and the answer where a call was made."""

    number: int
    state: str
    reason: str = ""
    answer: Answer | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """How an endpoint is after a visit; None where a value stays."""

    subscription_id: str
    pace: str
    failures: int
    failing_since: datetime | None
    delivered_at: datetime | None
    paused_until: datetime | None


# Claiming


_ENDPOINTS = webhook_endpoints.c
_MOMENT = bindparam("moment", type_=UtcDateTime())
_IS_DUE = and_(
    _ENDPOINTS.pace == bindparam("chosen_pace"),
    _ENDPOINTS.next_at <= _MOMENT,
    or_(_ENDPOINTS.paused_until.is_(None), _ENDPOINTS.paused_until <= _MOMENT),
    _ENDPOINTS.holder.not_in(select(senders.c.id).where(senders.c.alive_until > bindparam("second"))),
)
_FIRST_DUE = Made(select(_ENDPOINTS.subscription_id).where(_IS_DUE).limit(1))


def _now(pace: str) -> dict[str, Any]:
    """What _IS_DUE asks, built once because every change asks it."""
    moment = clock.now()
    return {"chosen_pace": pace, "moment": moment, "second": int(moment.timestamp())}


async def due_paces(session: AsyncSession, paces: Sequence[str]) -> list[str]:
    """Those of *paces* in which an endpoint is due. Reads, so that an idle sender never takes the lock of writers."""
    return [pace for pace in paces if await _FIRST_DUE.rows(session, _now(pace))]


async def claim(session: AsyncSession, holder: str, pace: str, *, limit: int) -> list[str]:
    """Hold the endpoints of a pace that have waited longest; returns their subscriptions' ids."""
    due = select(_ENDPOINTS.subscription_id).where(_IS_DUE).order_by(_ENDPOINTS.next_at).limit(limit)
    locked = due.with_for_update(skip_locked=True).cte("due")
    take = update(webhook_endpoints).where(_ENDPOINTS.subscription_id.in_(select(locked.c.subscription_id)))
    take = take.values(holder=holder).returning(_ENDPOINTS.subscription_id)
    return list((await session.execute(take, _now(pace))).scalars())


# Loading

_DUE = """
x.state IN ('waiting', 'retrying') AND x.next_at <= :now ORDER BY x."offset", x.number LIMIT :most
"""
_LOAD = {
    "sqlite": f"""
        SELECT d.* FROM json_each(:ids) AS e JOIN webhook_deliveries AS d ON d.number IN (
          SELECT x.number FROM webhook_deliveries AS x WHERE x.subscription_id = e.value AND {_DUE})
        ORDER BY d."offset", d.number""",  # noqa: S608 (only our own words)
    "postgresql": f"""
        SELECT d.* FROM unnest(:ids) AS e(value) CROSS JOIN LATERAL (
          SELECT x.* FROM webhook_deliveries AS x WHERE x.subscription_id = e.value AND {_DUE}) AS d
        ORDER BY d."offset", d.number""",  # noqa: S608
}


def _loading(dialect: str) -> TextClause:
    known: list[BindParameter[Any]] = [bindparam("now", type_=UtcDateTime())]
    if dialect == "postgresql":
        known.append(bindparam("ids", type_=ARRAY(Text)))
    columns = {name: column.type for name, column in webhook_deliveries.c.items()}
    return text(_LOAD[dialect]).bindparams(*known).columns(**columns)  # type: ignore[return-value]


_LOADING = {dialect: _loading(dialect) for dialect in _LOAD}


async def visits(session: AsyncSession, ids: Sequence[str], pace: str) -> list[Visit]:
    """What is due at each of these endpoints. One whose subscription is gone or disabled has nothing but its tests."""
    dialect = session.get_bind().dialect.name
    given = list(ids) if dialect == "postgresql" else orjson.dumps(list(ids)).decode()
    chosen = {"ids": given, "now": clock.now(), "most": MESSAGES_A_VISIT[pace]}
    loaded = await session.execute(_LOADING[dialect], chosen)
    due: dict[str, list[Any]] = {}
    for row in loaded.mappings():
        due.setdefault(row["subscription_id"], []).append(row)
    of = select(subscriptions).where(among(session, subscriptions.c.id, list(ids)))
    known = {row["id"]: dict(row) for row in (await session.execute(of)).mappings()}
    at = select(webhook_endpoints).where(among(session, webhook_endpoints.c.subscription_id, list(ids)))
    found = []
    for endpoint in (await session.execute(at)).mappings().all():
        subscription = known.get(endpoint["subscription_id"])
        if subscription is not None:
            is_active = subscription["status"] == "active"
            rows = [row for row in due.get(subscription["id"], ()) if is_active or row["kind"] == "test"]
            found.append(Visit(dict(endpoint), subscription, rows))
    return found


async def contents(session: AsyncSession, offsets: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Offset → what programs are sent beside the headline."""
    query = select(alert_contents).where(alert_contents.c.offset.in_(offsets))
    return {row["offset"]: dict(row) for row in (await session.execute(query)).mappings()} if offsets else {}


# Writing down


async def write_tried(session: AsyncSession, tried: Sequence[Tried]) -> None:
    """Record tries and what became of their messages."""
    called = [_attempt(one.number, one.answer) for one in tried if one.answer is not None]
    if called:
        await session.execute(insert(webhook_attempts), called)
    deliveries, moment = webhook_deliveries, clock.now()
    arrived = [one.number for one in tried if one.state == "delivered"]
    if arrived:
        settled = {"state": "delivered", "settled_at": moment, "attempts": deliveries.c.attempts + 1, "reason": ""}
        await session.execute(update(deliveries).where(among(session, deliveries.c.number, arrived)).values(settled))
    in_vain = [one for one in tried if one.state != "delivered"]
    if in_vain:
        connection = await session.connection()
        await connection.execute(_IN_VAIN, [_marked(one, moment) for one in in_vain])


_IN_VAIN = (
    update(webhook_deliveries)
    .where(webhook_deliveries.c.number == bindparam("which"))
    .values(
        state=bindparam("now_state"), reason=bindparam("now_reason"), settled_at=bindparam("now_settled"),
        attempts=webhook_deliveries.c.attempts + bindparam("calls"),
        next_at=func.coalesce(bindparam("again_at", type_=UtcDateTime()), webhook_deliveries.c.next_at),
    )
)  # fmt: skip
"""Hundreds that hang end in the same moment: they are marked by one statement."""


def _marked(one: Tried, moment: datetime) -> dict[str, Any]:
    return {
        "which": one.number, "now_state": one.state, "now_reason": one.reason[:300], "again_at": one.again_at,
        "now_settled": None if one.again_at else moment, "calls": int(one.answer is not None),
    }  # fmt: skip


def _attempt(number: int, answer: Answer) -> dict[str, Any]:
    body = answer.body.decode("utf-8", "replace").replace("\x00", "\ufffd")
    return {
        "delivery": number, "at": clock.now(), "status": answer.status, "headers": dict(answer.headers), "body": body,
        "milliseconds": answer.milliseconds, "reason": answer.reason[:300],
    }  # fmt: skip


async def leave(session: AsyncSession, holder: str, left: Sequence[Left]) -> None:
    """Let go of endpoints. Each is locked first: what is ordered from now on is either seen here or wakes it again."""
    if not left:
        return
    endpoints = webhook_endpoints.c
    await lock_endpoints(session, [one.subscription_id for one in left])
    statement = (
        update(webhook_endpoints)
        .where(endpoints.subscription_id == bindparam("which"), endpoints.holder == holder)
        .values(
            holder="", pace=bindparam("pace"), failures=bindparam("failures"),
            failing_since=bindparam("failing_since"), paused_until=bindparam("paused_until"),
            delivered_at=func.coalesce(bindparam("delivered_at", type_=UtcDateTime()), endpoints.delivered_at),
            next_at=next_due(),
        )
    )  # fmt: skip
    values = [
        {
            "which": one.subscription_id, "pace": one.pace, "failures": one.failures,
            "failing_since": one.failing_since, "paused_until": one.paused_until, "delivered_at": one.delivered_at,
        }
        for one in left
    ]  # fmt: skip
    connection = await session.connection()
    await connection.execute(statement, values)


def next_due() -> Any:
    """When an endpoint's next message is due, as a subquery: of a disabled subscription only tests are."""
    deliveries, endpoints = webhook_deliveries.c, webhook_endpoints.c
    active = select(subscriptions.c.id).where(
        subscriptions.c.id == endpoints.subscription_id, subscriptions.c.status == "active"
    )
    return (
        select(func.min(deliveries.next_at))
        .where(deliveries.subscription_id == endpoints.subscription_id, IS_OPEN)
        .where(or_(deliveries.kind == "test", active.correlate(webhook_endpoints).exists()))
        .correlate(webhook_endpoints)
        .scalar_subquery()
    )


async def set_aside(session: AsyncSession, holder: str, subscription_id: str) -> None:
    """Let go of an endpoint whose visit went wrong on our side; nobody visits it for a while."""
    mine = webhook_endpoints.c.subscription_id == subscription_id, webhook_endpoints.c.holder == holder
    later = {"holder": "", "paused_until": clock.now() + timedelta(seconds=SET_ASIDE_SECONDS)}
    await session.execute(update(webhook_endpoints).where(*mine).values(later))


async def let_go(session: AsyncSession, holder: str) -> None:
    """Give up every endpoint at once."""
    mine = update(webhook_endpoints).where(webhook_endpoints.c.holder == holder)
    await session.execute(mine.values(holder=""))


async def sweep(session: AsyncSession) -> None:
    """Forget what is older than KEPT, some thousand rows at a time: the log holds nothing longer than it is useful."""
    before = clock.now() - KEPT
    old = select(webhook_attempts.c.number).where(webhook_attempts.c.at < before).limit(SWEPT)
    await session.execute(delete(webhook_attempts).where(webhook_attempts.c.number.in_(old)))
    settled = select(webhook_deliveries.c.number).where(webhook_deliveries.c.settled_at < before).limit(SWEPT)
    await session.execute(delete(webhook_deliveries).where(webhook_deliveries.c.number.in_(settled)))
    told = alert_contents.join(alerts, alerts.c.offset == alert_contents.c.offset)
    stale = select(alert_contents.c.offset).select_from(told).where(alerts.c.time < before).limit(SWEPT)
    await session.execute(delete(alert_contents).where(alert_contents.c.offset.in_(stale)))
