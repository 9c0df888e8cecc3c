"""Which subscriptions want a change, without asking those that surely do not.

A subscription is filed under its most selective list, one key for each entry; a change brings the keys of all that it
is. What the keys find is then asked itself. So a change costs what is filed under its own network, care group, type
and so on, however many subscriptions there are.

Messages to receivers that answer are ordered with the change. Those to the others are ordered a little later
(delivery/webhooks/later.py), so that a thousand that never answer cost whoever is told of a change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.sight import Sight, owners
from services.notifications.tables import (
    alert_audiences,
    alerts,
    subscription_keys,
    subscriptions,
    webhook_deliveries,
    webhook_endpoints,
    webhooks_to_order,
)
from shared import clock
from shared.db import among
from shared.picker import Picker
from shared.rows import insert_rows

EVERYTHING = "everything"
OWED = timedelta(seconds=1)
"""A new receiver that has owed its first answer for so long is not waited for."""
LISTS = ("types", "networks", "bodies", "care_groups", "categories")


def picker_of(row: Any) -> Picker:
    """The picker of a subscription's row."""
    return Picker(**{name: tuple(row[name]) for name in LISTS})


def filed_under(picker: Picker) -> list[str]:
    """The keys that a subscription with this picker is found by."""
    if picker.networks:
        return [f"network:{network}" for network in picker.networks]
    if picker.care_groups:
        return [f"care_group:{group}" for group in picker.care_groups]
    if picker.types:
        return list(dict.fromkeys(f"type:{pattern.removesuffix('.*')}" for pattern in picker.types))
    if picker.bodies:
        return [f"body:{body}" for body in picker.bodies]
    return [f"category:{category}" for category in picker.categories] or [EVERYTHING]


def keys_of(alert: Mapping[str, Any]) -> list[str]:
    """The keys that find every subscription which may want this alert (with its `audiences`)."""
    parts = str(alert["type"]).split(".")
    keys = [audience for audience in alert["audiences"] if audience.startswith(("network:", "care_group:", "body:"))]
    keys += [f"type:{'.'.join(parts[:length])}" for length in range(1, len(parts) + 1)]
    return [*keys, f"care_group:{alert['care_group']}", f"category:{alert['category']}", EVERYTHING]


def picked(picker: Picker) -> ColumnElement[bool]:
    """The same on stored alerts: the condition that *picker* picks one."""
    conditions: list[ColumnElement[bool]] = []
    if picker.types:
        conditions.append(or_(*(_is_type(pattern) for pattern in picker.types)))
    if picker.categories:
        conditions.append(alerts.c.category.in_(picker.categories))
    if picker.networks:
        conditions.append(_told_to(f"network:{network}" for network in picker.networks))
    if picker.bodies:
        conditions.append(_told_to(f"body:{body}" for body in picker.bodies))
    if picker.care_groups:
        told = _told_to(f"care_group:{group}" for group in picker.care_groups)
        conditions.append(or_(alerts.c.care_group.in_(picker.care_groups), told))
    return and_(True, *conditions)


def _is_type(pattern: str) -> ColumnElement[bool]:
    if pattern.endswith(".*"):
        return alerts.c.type.startswith(pattern[:-1], autoescape=True)
    return alerts.c.type == pattern


def _told_to(audiences: Iterable[str]) -> ColumnElement[bool]:
    told = select(alert_audiences.c.offset).where(alert_audiences.c.audience.in_(list(audiences)))
    return alerts.c.offset.in_(told)


async def order_webhooks(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Order a message to each subscription that wants one of these new alerts: now where its receiver is prompt."""
    found = (await session.execute(_prompt_and_one_other(session, rows))).mappings().all()
    prompt = [row for row in found if row["is_prompt"]]
    orders = [ordered(subscription_id, row) for subscription_id, row in await wanting(session, rows, prompt)]
    if orders:
        await insert_rows(session, webhook_deliveries, orders, "ON CONFLICT DO NOTHING")
        await wake(session, {order["subscription_id"] for order in orders})
    if len(prompt) < len(found):
        later = [{"offset": row["offset"], "reached": ""} for row in rows]
        await insert_rows(session, webhooks_to_order, later, "ON CONFLICT DO NOTHING")


def _prompt_and_one_other(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> CompoundSelect[Any]:
    """The prompt ones, and one that is not if there is any: together, so that none turns from one into the other."""
    endpoints = webhook_endpoints.c
    owes_nothing = or_(endpoints.next_at.is_(None), endpoints.next_at > clock.now() - OWED)
    is_prompt = or_(endpoints.pace == "quick", and_(endpoints.pace == "new", owes_nothing))
    of = filed(session, rows).where(subscriptions.c.status == "active")
    of = of.join(webhook_endpoints, endpoints.subscription_id == subscriptions.c.id)
    of = of.add_columns(is_prompt.label("is_prompt"))
    other = of.where(~is_prompt).limit(1).subquery()
    return union_all(of.where(is_prompt), select(other))


async def wanted_by(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """(subscription, alert): each active subscription that wants one of *rows* and whose owner may see it."""
    active = filed(session, rows).where(subscriptions.c.status == "active")
    return await wanting(session, rows, (await session.execute(active)).mappings().all())


def filed(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> Select[Any]:
    """The subscriptions that the keys of *rows* find."""
    keys = list(dict.fromkeys(key for row in rows for key in keys_of(row)))
    found = select(subscription_keys.c.subscription_id).where(among(session, subscription_keys.c.key, keys))
    return select(*(subscriptions.c[name] for name in ("id", "owner_id", *LISTS))).where(subscriptions.c.id.in_(found))


async def wanting(
    session: AsyncSession, rows: Sequence[Mapping[str, Any]], candidates: Sequence[Mapping[Any, Any]]
) -> list[tuple[str, Mapping[str, Any]]]:
    """(subscription, alert): each of *candidates* that wants one of *rows* and whose owner may see it."""
    if not candidates:
        return []
    told = {audience for row in rows for audience in row["audiences"]}
    known = await owners(session, (candidate["owner_id"] for candidate in candidates), told)
    return [
        (candidate["id"], row)
        for candidate, picker in [(candidate, picker_of(candidate)) for candidate in candidates]
        for row in rows
        if picker.matches(
            type=row["type"], category=row["category"], care_group=row["care_group"], audiences=row["audiences"]
        )
        and known[candidate["owner_id"]].sight(row, row["audiences"]) > Sight.NOTHING
    ]


def ordered(subscription_id: str, alert: Mapping[str, Any], *, kind: str = "change") -> dict[str, Any]:
    """A row of `webhook_deliveries` that waits for its first try."""
    moment = clock.now()
    return {
        "subscription_id": subscription_id, "message_id": alert["message_id"], "kind": kind,
        "offset": alert["offset"], "network_id": alert["network_id"], "state": "waiting", "attempts": 0,
        "next_at": moment, "reason": "", "ordered_at": moment,
    }  # fmt: skip


async def wake(session: AsyncSession, subscription_ids: Iterable[str]) -> None:
    """Say that something is due for these now.

    All are locked before it is looked who sleeps: one whose sender is just leaving it, and has not seen what this
    transaction orders, looks awake until then.
    """
    moment, ids = clock.now(), list(subscription_ids)
    endpoints = webhook_endpoints.c
    await lock_endpoints(session, ids)
    asleep = or_(endpoints.next_at.is_(None), endpoints.next_at > moment)
    these = among(session, endpoints.subscription_id, ids)
    await session.execute(update(webhook_endpoints).where(these, asleep).values(next_at=moment))


async def lock_endpoints(session: AsyncSession, subscription_ids: Iterable[str]) -> None:
    """Lock endpoints in the order of their ids: whoever looks at their messages and whoever orders one take turns."""
    ids, own = list(subscription_ids), webhook_endpoints.c.subscription_id
    await session.execute(select(own).where(among(session, own, ids)).order_by(own).with_for_update())
