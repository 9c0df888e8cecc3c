"""Why somebody was told: the routes that led to them, the choice that decided, and the way with its times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import head, network_names, shown
from services.notifications.audience import Best, rules_of, sentence
from services.notifications.channels import DAILY, LIVE, MAIL, OFF, WEEKLY
from services.notifications.headlines import names_in
from services.notifications.tables import (
    alert_audiences,
    alerts,
    browsers,
    choices,
    deliveries,
    mutes,
    preferences,
    pushes,
    summary_items,
)
from shared.announcement import CHANNELS, KINDS
from shared.errors import NotFound
from shared.inbox import arrival_of

WAYS = {
    OFF: "are not told of this", WEEKLY: "get this once a week", DAILY: "get this in your daily mail",
    LIVE: "are told of this live", MAIL: "are told of this live and by mail at once",
}  # fmt: skip


class NoSuchAlert(NotFound):
    """There is no such alert among yours; it may have been meant for others, or for a time before you came."""


async def explanation(session: AsyncSession, person_id: str, message_id: str) -> dict[str, Any]:
    """Why a person was told of a message, as things stand now. Raises NoSuchAlert."""
    alert = (await session.execute(select(alerts).where(alerts.c.message_id == message_id))).mappings().first()
    bests = await _bests(session, person_id, alert) if alert else []
    if alert is None or not bests:
        raise NoSuchAlert
    best = max(bests)
    told = Best.of(best)
    network = _network(told, alert)
    called = await network_names(session, [network, *(Best.of(b).audience[8:] for b in bests), alert["network_id"]])
    chosen = await _chosen(session, person_id, network, alert["category"])
    epoch, _ = await head(session)
    people = await names_in(session, [alert["headline"]])
    return {
        "alert": shown(alert, epoch=epoch, people=people, networks=called), "channel": CHANNELS[int(told.channel)],
        "chosen": chosen, "rule": _rule(told, chosen, alert["category"], called.get(network, "")),
        "routes": [_route(one, best, called) for one in sorted(bests, reverse=True)],
        "stages": await _stages(session, person_id, alert, told),
        "network_id": network if network in called else "", "network_name": called.get(network, ""),
    }  # fmt: skip


def _network(told: Best, alert: RowMapping) -> str:
    """The network for which a choice counts on this route."""
    return told.audience[8:] if told.audience.startswith("network:") else str(alert["network_id"])


async def _bests(session: AsyncSession, person_id: str, alert: RowMapping) -> list[str]:
    """`best` of each route by which this alert leads to them, by the same rules that the live streams look up."""
    rules = await rules_of(session, person_id)
    query = select(alert_audiences.c.audience).where(alert_audiences.c.offset == alert["offset"])
    kind = KINDS.index(alert["category"])
    chosen = rules.networks.get(alert["network_id"], "......")[kind]
    found = []
    for audience in (await session.execute(query)).scalars():
        lines = [bests[kind] for since, bests in rules.audiences.get(audience, []) if alert["time"] >= since]
        if chosen != "." and not audience.startswith("network:"):
            lines = [chosen + line[1:] for line in lines]
        found += lines
    return found


async def _chosen(session: AsyncSession, person_id: str, network: str, kind: str) -> str:
    """Whose word decides: a mute, a choice for the network, the general one, or what is suggested."""
    place = KINDS.index(kind)
    here = (mutes.c.person_id == person_id, mutes.c.network_id == network)
    if (await session.execute(select(mutes.c.network_id).where(*here))).first():
        return "mute"
    mine = choices.c.person_id == person_id, choices.c.network_id == network
    of_network = (await session.execute(select(choices.c.forms).where(*mine))).scalar()
    if of_network and of_network[place] != ".":
        return "network"
    general = select(preferences.c.forms).where(preferences.c.person_id == person_id)
    forms = (await session.execute(general)).scalar()
    return "general" if forms and forms[place] != "." else "suggested"


def _rule(told: Best, chosen: str, kind: str, network: str) -> str:
    said = f"You {WAYS[told.channel]} {sentence(told.route, told.audience, network)}."
    because = {
        "mute": f"You muted {network or 'the network'}.",
        "network": f"You chose that for {kind} of {network or 'the network'}.",
        "general": f"You chose that for {kind} of all your networks.",
        "suggested": f"That is what is suggested for {kind}; you chose nothing else.",
    }[chosen]
    if told.route == "person" and chosen in ("general", "suggested"):
        because = "What concerns you by name always reaches you."
    return f"{said} {because}"


def _route(one: str, best: str, called: Mapping[str, str]) -> dict[str, Any]:
    told = Best.of(one)
    return {
        "route": told.route, "audience": told.audience, "channel": CHANNELS[int(told.channel)], "decides": one == best,
        "sentence": sentence(told.route, told.audience, called.get(told.audience[8:], "")),
    }  # fmt: skip


async def _stages(session: AsyncSession, person_id: str, alert: RowMapping, told: Best) -> list[dict[str, Any]]:
    """Changed, logged, matched, delivered: each with its time."""
    arrival = await arrival_of(session, alert["message_id"]) or {}
    stages = [
        _stage("changed", alert["time"]), _stage("logged", arrival.get("logged_at")),
        _stage("matched", alert["stored_at"]),
    ]  # fmt: skip
    if told.channel in (LIVE, MAIL):
        stages.append(_stage("delivered", alert["stored_at"], how="page", state="shown"))
    summed = await _summary(session, person_id, alert["offset"])
    stages += await _mails(session, person_id, [alert["message_id"], *summed])
    return stages + await _notifications(session, person_id, [alert["message_id"], *summed])


async def _summary(session: AsyncSession, person_id: str, offset: int) -> list[str]:
    mine = summary_items.c.person_id == person_id, summary_items.c.offset == offset
    return list((await session.execute(select(summary_items.c.thing).where(*mine))).scalars())


async def _mails(session: AsyncSession, person_id: str, things: Sequence[str]) -> list[dict[str, Any]]:
    d = deliveries.c
    query = select(d.kind, d.state, d.sent_at).where(
        d.reader_id == person_id, d.thing.in_(things), d.kind.in_(("alert", "summary"))
    )
    ways = {"alert": "mail", "summary": "summary"}
    found = [_stage("delivered", r.sent_at, how=ways[r.kind], state=r.state) for r in await session.execute(query)]
    return found + [_stage("delivered", None, how="summary", state="waiting")] * ("" in things)


async def _notifications(session: AsyncSession, person_id: str, things: Sequence[str]) -> list[dict[str, Any]]:
    """What is still on its way to a browser; of what arrived nothing is kept."""
    query = (
        select(pushes.c.next_at)
        .join(browsers, browsers.c.id == pushes.c.browser_id)
        .where(browsers.c.person_id == person_id, pushes.c.thing.in_(things))
    )
    return [_stage("delivered", None, how="browser", state="waiting") for _ in await session.execute(query)]


def _stage(stage: str, at: Any, *, how: str = "", state: str = "done") -> dict[str, Any]:
    return {"stage": stage, "how": how, "state": state, "at": at}
