"""Programs that are told: two webhooks, one at work and one whose receiver broke, with a log of what was sent.

Their addresses end in `.example`, where nobody answers: nothing of the demonstration leaves this machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.cli.seed.cast import HOME, LEAD, STAFF
from services.notifications.commands.subscriptions import add_subscription
from services.notifications.delivery.webhooks.judging import RETRY_PAUSES
from services.notifications.matching import ordered, picked
from services.notifications.tables import (
    alerts,
    subscriptions,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
)
from shared import clock
from shared.auth import Principal
from shared.config import Settings
from shared.picker import Picker

SHOWN = 12
LOGGED = timedelta(days=28)
BROKEN = "A message was tried 8 times in vain, and nothing else arrived meanwhile. The receiver answered 503."


async def programs(
    session: AsyncSession, settings: Settings, people: Mapping[str, Principal], networks: Mapping[str, str]
) -> None:
    """Add both, and what was sent to them lately."""
    warehouse = {"name": "Data warehouse", "url": "https://warehouse.example/tidings", "form": "signal"}
    warehouse_picks = Picker(bodies=("Q39",), categories=("events",))
    identity = await _added(session, settings, warehouse, warehouse_picks, people[STAFF], for_team=True)
    await _log(session, identity, await _told(session, warehouse_picks), broken=0)

    intranet = {"name": "Trust intranet", "url": "https://intranet.trust.example/hooks/news", "form": "full"}
    intranet_picks = Picker(networks=(networks[HOME],))
    identity = await _added(session, settings, intranet, intranet_picks, people[LEAD])
    told = await _told(session, intranet_picks)
    await _log(session, identity, told, broken=1)
    off = {"status": "disabled", "status_reason": BROKEN, "status_at": clock.now(), "disabled_after": 0}
    off |= {"disabled_after": told[-1]["offset"]} if told else {}
    await session.execute(update(subscriptions).where(subscriptions.c.id == identity).values(off))


async def _added(
    session: AsyncSession, settings: Settings, fields: dict[str, Any], picks: Picker, by: Principal,
    *, for_team: bool = False,
) -> str:  # fmt: skip
    with clock.at(clock.now() - LOGGED):
        identity, _ = await add_subscription(
            session, settings, fields={**fields, **picks.as_dict()}, by=by, for_team=for_team
        )
    return identity


async def _told(session: AsyncSession, picks: Picker) -> Sequence[Mapping[str, Any]]:
    """What such a webhook would have been sent lately, the oldest first."""
    since = clock.now() - LOGGED
    query = select(alerts).where(picked(picks), alerts.c.time > since).order_by(alerts.c.offset.desc()).limit(SHOWN)
    return [dict(row) for row in (await session.execute(query)).mappings()][::-1]


async def _log(session: AsyncSession, identity: str, told: Sequence[Mapping[str, Any]], *, broken: int) -> None:
    """Everything arrived, but for the last *broken*: those were tried until they were given up."""
    arrived, lost = told[: len(told) - broken], told[len(told) - broken :]
    for alert in arrived:
        number = await _sent(session, identity, alert, "delivered", [alert["time"] + timedelta(milliseconds=240)])
        await session.execute(insert(webhook_attempts), [_try(number, alert["time"], 202, 180 + number % 70)])
    for alert in lost:
        times, moment = [alert["time"]], alert["time"]
        for pause in RETRY_PAUSES:
            moment = min(moment + timedelta(seconds=pause), clock.now())
            times.append(moment)
        number = await _sent(session, identity, alert, "failed", times)
        tries = [_try(number, time, 503, 95 + place) for place, time in enumerate(times)]
        await session.execute(insert(webhook_attempts), tries)
    fares = {"pace": "quick", "delivered_at": arrived[-1]["time"] if arrived else None}
    if lost:
        fares |= {"failures": len(RETRY_PAUSES) + 1, "failing_since": lost[-1]["time"]}
    mine = webhook_endpoints.c.subscription_id == identity
    await session.execute(update(webhook_endpoints).where(mine).values(fares))


async def _sent(session: AsyncSession, identity: str, alert: Mapping[str, Any], state: str, times: list[Any]) -> int:
    row = ordered(identity, alert) | {"state": state, "attempts": len(times), "settled_at": times[-1]}
    row |= {"ordered_at": alert["time"], "reason": BROKEN if state == "failed" else ""}
    made = await session.execute(insert(webhook_deliveries).values(row).returning(webhook_deliveries.c.number))
    return int(made.scalar_one())


def _try(number: int, at: Any, status: int, milliseconds: int) -> dict[str, Any]:
    body = '{"taken":true}' if status == 202 else "Service unavailable"
    headers = {"content-type": "application/json" if status == 202 else "text/plain", "server": "example"}
    return {
        "delivery": number, "at": at, "status": status, "headers": headers, "body": body,
        "milliseconds": milliseconds, "reason": "",
    }  # fmt: skip
