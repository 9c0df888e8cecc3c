"""Sending again: a test, one message, or everything since a position or a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.subscriptions import locked
from services.notifications.matching import ordered, picked, picker_of, wake
from services.notifications.sight import TEAM, visible_to
from services.notifications.tables import (
    alerts,
    audience_members,
    webhook_deliveries,
    webhook_endpoints,
)
from shared import clock
from shared.db import UtcDateTime, upsert
from shared.envelope import new_id
from shared.errors import Conflict, NotFound

MOST_AT_ONCE = 10_000
Which = Literal["failed", "missed", "all"]


class NoSuchDelivery(NotFound):
    """This message is not in the webhook's log; the log goes back thirty days."""


class SwitchedOff(Conflict):
    """The webhook is switched off; switch it on first. A test can be sent all the same."""


class StillOnItsWay(Conflict):
    """This message has not been settled yet: it will be tried by itself."""


@dataclass(frozen=True, slots=True)
class Range:
    """Which messages: after an offset, from a time, until a time."""

    after: int = 0
    since: datetime | None = None
    until: datetime | None = None

    def of_alerts(self) -> list[ColumnElement[bool]]:
        """The conditions on `alerts`."""
        found: list[ColumnElement[bool]] = [alerts.c.offset > self.after]
        if self.since:
            found.append(alerts.c.time >= self.since)
        if self.until:
            found.append(alerts.c.time <= self.until)
        return found


async def send_test(session: AsyncSession, *, subscription_id: str) -> int:
    """Order a test message, also where the webhook is switched off or at rest; returns its delivery's number."""
    await locked(session, subscription_id)
    row = ordered(subscription_id, {"message_id": new_id(), "offset": 0, "network_id": ""}, kind="test")
    made = await session.execute(insert(webhook_deliveries).values(row).returning(webhook_deliveries.c.number))
    number = int(made.scalar_one())
    await _due_now(session, subscription_id)
    return number


async def redeliver_one(session: AsyncSession, *, subscription_id: str, number: int) -> None:
    """Send one message again, under the same id. Raises NoSuchDelivery, SwitchedOff, StillOnItsWay."""
    row = await _active(session, subscription_id)
    delivery = await delivery_at(session, row["id"], number)
    if delivery["state"] == "waiting":
        raise StillOnItsWay
    await session.execute(update(webhook_deliveries).where(webhook_deliveries.c.number == number).values(_again()))
    await _due_now(session, subscription_id)


async def redeliver_range(
    session: AsyncSession, *, subscription_id: str, which: Which, wanted: Range
) -> tuple[int, int, bool]:
    """Send again what failed, or also what was never sent (`missed`), or everything that the webhook picks.

    At most MOST_AT_ONCE, the oldest first: (how many, the offset reached, whether there is more).
    """
    row = await _active(session, subscription_id)
    conditions = [picked(picker_of(row)), await visible_to_owner(session, row["owner_id"]), *wanted.of_alerts()]
    if which == "failed":
        sent = webhook_deliveries.c
        lost = select(sent.message_id).where(sent.subscription_id == row["id"], sent.state.in_(_LOST))
        conditions.append(alerts.c.message_id.in_(lost))
    chosen = select(alerts.c.offset).where(*conditions).order_by(alerts.c.offset).limit(MOST_AT_ONCE + 1)
    offsets = list((await session.execute(chosen)).scalars())
    more, offsets = len(offsets) > MOST_AT_ONCE, offsets[:MOST_AT_ONCE]
    if not offsets:
        return 0, wanted.after, False
    span = [alerts.c.offset >= offsets[0], alerts.c.offset <= offsets[-1]]
    count = await _order(session, row["id"], [*conditions, *span], which)
    await _due_now(session, subscription_id)
    return count, offsets[-1], more


async def delivery_at(session: AsyncSession, subscription_id: str, number: int) -> Mapping[str, Any]:
    """One row of the log. Raises NoSuchDelivery."""
    deliveries = webhook_deliveries.c
    query = select(webhook_deliveries).where(deliveries.number == number, deliveries.subscription_id == subscription_id)
    row = (await session.execute(query)).mappings().first()
    if row is None:
        raise NoSuchDelivery
    return dict(row)


async def visible_to_owner(session: AsyncSession, owner_id: str) -> ColumnElement[bool]:
    """The condition on `alerts` that the owner of a subscription may see it now."""
    members = audience_members.c
    query = select(members.person_id).where(
        members.person_id == owner_id, members.audience == "staff", members.active
    )  # fmt: skip
    is_staff = owner_id == TEAM or (await session.execute(query.limit(1))).first() is not None
    return visible_to(owner_id, is_staff=is_staff)


_LOST = ("failed", "withdrawn", "retrying")


async def _order(session: AsyncSession, subscription_id: str, conditions: list[Any], which: Which) -> int:
    moment = literal(clock.now(), UtcDateTime())
    chosen = select(
        literal(subscription_id), alerts.c.message_id, literal("change"), alerts.c.offset, alerts.c.network_id,
        literal("waiting"), literal(0), moment, literal(""), moment,
    ).where(*conditions)  # fmt: skip
    names = [
        "subscription_id", "message_id", "kind", "offset", "network_id", "state", "attempts", "next_at", "reason",
        "ordered_at",
    ]  # fmt: skip
    statement = upsert(session, webhook_deliveries).from_select(names, chosen)
    again = statement.on_conflict_do_update(
        index_elements=["subscription_id", "message_id"], set_=_again(),
        where=None if which == "all" else webhook_deliveries.c.state.in_(_LOST),
    )  # fmt: skip
    made = await session.execute(again.returning(webhook_deliveries.c.number))
    return len(made.scalars().all())


def _again() -> dict[str, Any]:
    moment = clock.now()
    return {
        "state": "waiting", "attempts": 0, "next_at": moment, "reason": "", "ordered_at": moment, "settled_at": None,
    }  # fmt: skip


async def _active(session: AsyncSession, subscription_id: str) -> Mapping[str, Any]:
    row = await locked(session, subscription_id)
    if row["status"] != "active":
        raise SwitchedOff
    return row


async def _due_now(session: AsyncSession, subscription_id: str) -> None:
    """Whoever asks for another try has mended something: the endpoint's rest is over."""
    mine = webhook_endpoints.c.subscription_id == subscription_id
    await session.execute(update(webhook_endpoints).where(mine).values(paused_until=None))
    await wake(session, [subscription_id])
