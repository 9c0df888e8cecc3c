"""Messages made ready for a group of visits: everything is read at once, and as it is at that moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import alerts as sequence
from services.notifications.delivery.webhooks.message import Message, content_of, content_of_test
from services.notifications.delivery.webhooks.rows import Visit, contents
from services.notifications.headlines import names_in
from services.notifications.letters.stationery import Stationery
from services.notifications.sight import Owner, Sight, owners
from services.notifications.tables import alerts
from shared.db import among


async def prepared(session: AsyncSession, visits: Sequence[Visit], stationery: Stationery) -> dict[int, bytes | None]:
    """Delivery's number → its body; None where the owner may no longer see the change."""
    offsets = sorted({row["offset"] for visit in visits for row in visit.due if row["kind"] != "test"})
    wanting_all = [visit for visit in visits if visit.subscription["form"] == "full"]
    full = sorted({row["offset"] for visit in wanting_all for row in visit.due})
    told, audiences = await _told(session, offsets)
    of_them = {audience for heard in audiences.values() for audience in heard}
    known = await owners(session, (visit.subscription["owner_id"] for visit in visits), of_them)
    kept = await contents(session, full)
    networks = await _first_networks(session, visits)
    found: dict[int, bytes | None] = {}
    for visit in visits:
        subscription = visit.subscription
        owner, network = known[subscription["owner_id"]], networks.get(subscription["id"], "")
        for row in visit.due:
            if row["kind"] == "test":
                asked = subscription, row["message_id"], row["ordered_at"]
                found[row["number"]] = content_of_test(*asked, stationery, network)
                continue
            alert, offset = told.get(row["offset"]), row["offset"]
            sight = _sight(owner, alert, audiences.get(offset, ()))
            message = Message(subscription, alert or {}, kept.get(offset), sight)
            found[row["number"]] = content_of(message, stationery, network) if sight else None
    return found


def _sight(owner: Owner, alert: Mapping[str, Any] | None, audiences: Sequence[str]) -> Sight:
    return owner.sight(alert, audiences) if alert else Sight.NOTHING


async def _told(
    session: AsyncSession, offsets: Sequence[int]
) -> tuple[dict[int, dict[str, Any]], dict[int, list[str]]]:
    """Offset → the alert as it is shown, and offset → whom it was told to."""
    if not offsets:
        return {}, {}
    epoch, _ = await sequence.head(session)
    rows = (await session.execute(select(alerts).where(among(session, alerts.c.offset, offsets)))).mappings().all()
    people = await names_in(session, (row["headline"] for row in rows))
    called = await sequence.network_names(session, (row["network_id"] for row in rows))
    shown = {row["offset"]: sequence.shown(row, epoch=epoch, people=people, networks=called) for row in rows}
    return shown, await sequence.audiences_of(session, offsets)


async def _first_networks(session: AsyncSession, visits: Sequence[Visit]) -> dict[str, str]:
    """Subscription's id → the name of the only network that it asks for."""
    only = {v.subscription["id"]: v.subscription["networks"][0] for v in visits if len(v.subscription["networks"]) == 1}
    called = await sequence.network_names(session, only.values())
    return {subscription: called.get(network, "") for subscription, network in only.items()}
