"""Switching webhooks off and on: by hand, by the link in a message, or because a receiver failed for long."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import head
from services.notifications.commands.subscriptions import Row, changed, locked
from services.notifications.delivery.webhooks.notices import order_notices
from services.notifications.delivery.webhooks.rows import next_due
from services.notifications.tables import subscriptions, webhook_endpoints
from shared import clock
from shared.auth import Principal
from shared.contracts import Contract
from shared.contracts.notifications import SUBSCRIPTION_CHANGED, SUBSCRIPTION_DISABLED
from shared.errors import Conflict


class AlreadySo(Conflict):
    """The webhook is in that state already."""


async def disable(session: AsyncSession, *, subscription_id: str, by: Principal, reason: str = "") -> None:
    """Send nothing from now on; what waits stays. Raises AlreadySo."""
    row = await locked(session, subscription_id)
    if row["status"] == "disabled":
        raise AlreadySo("The webhook is switched off already.")
    await _switch_off(session, row, SUBSCRIPTION_CHANGED, "Switched off by hand.", by=by, reason=reason)


async def enable(session: AsyncSession, *, subscription_id: str, by: Principal, reason: str = "") -> Row:
    """Send again, first what waited; returns the row as it was, which says what was not matched meanwhile."""
    row = await locked(session, subscription_id)
    if row["status"] == "active":
        raise AlreadySo("The webhook is switched on already.")
    await changed(
        session, row, by=by, reason=reason, status="active", status_reason="", status_at=clock.now(),
        disabled_after=None,
    )  # fmt: skip
    fresh = {"failures": 0, "failing_since": None, "paused_until": None, "next_at": next_due()}
    mine = webhook_endpoints.c.subscription_id == subscription_id
    await session.execute(update(webhook_endpoints).where(mine).values(fresh))
    return row


async def stop(session: AsyncSession, subscription_id: str) -> bool:
    """Switch a webhook off by the link that its messages carry; whether it was on."""
    row = await _found(session, subscription_id)
    if row is None or row["status"] == "disabled":
        return False
    await _switch_off(session, row, SUBSCRIPTION_CHANGED, "Switched off by the link in a message.", by=Principal())
    return True


async def disable_failing(session: AsyncSession, subscription_id: str, why: str) -> None:
    """Switch off what has failed for long, and tell the owner by an alert and by mail. Done once, whoever finds it."""
    row = await _found(session, subscription_id)
    if row is None or row["status"] == "disabled":
        return
    off = await _switch_off(session, row, SUBSCRIPTION_DISABLED, why[:300], by=Principal())
    await order_notices(session, off)


async def _switch_off(
    session: AsyncSession, row: Row, contract: Contract, why: str, *, by: Principal, reason: str = ""
) -> Row:
    _, newest = await head(session)
    off = await changed(
        session, row, contract, by=by, reason=reason, status="disabled", status_reason=why, status_at=clock.now(),
        disabled_after=newest,
    )  # fmt: skip
    mine = webhook_endpoints.c.subscription_id == row["id"]
    await session.execute(update(webhook_endpoints).where(mine).values(next_at=None))
    return off


async def _found(session: AsyncSession, subscription_id: str) -> Row | None:
    query = select(subscriptions).where(subscriptions.c.id == subscription_id).with_for_update()
    row = (await session.execute(query)).mappings().first()
    return dict(row) if row else None
