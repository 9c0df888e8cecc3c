"""Where the hubs get their wires: storage behind notifications and oversight, and the broadcasts that hint at it."""

from __future__ import annotations

from typing import Any

import orjson

from services.gateway.clients import Clients
from services.gateway.streams.hub import Hub
from services.gateway.streams.wires import Batch, Fetch, Missed, Telling, Wire, heard
from shared.announcement import CHANNELS, PUBLIC_CATEGORIES

REPLAY_LIMIT = 200
EVERYTHING = "*"
"""The audience of those who may see every change."""


def alert_wire(sent: dict[str, Any]) -> Wire:
    """A wire of `alerts`. What concerns a network and is no discussion is public as well, as the network's page is."""
    item, audiences = sent["alert"], tuple(sent["audiences"])
    if item.get("category") in PUBLIC_CATEGORIES:
        networks = tuple(f"public:{key}" for key in audiences if key.startswith("network:"))
        audiences += (*networks, "public") if networks else ()
    audiences += (EVERYTHING,)
    return Wire(
        str(sent["epoch"]), int(sent["offset"]), audiences, item, sent.get("actor", ""), sent.get("reasons", {})
    )


def feed_wire(sent: dict[str, Any]) -> Wire:
    """A wire of `feed`: each body's officers see theirs, the national view sees all."""
    bodies = tuple(f"body:{code}" for code in sent["bodies"])
    return Wire(str(sent["epoch"]), int(sent["offset"]), (*bodies, "body:national"), sent["item"])


def alerts_after(clients: Clients) -> Fetch:
    """Reads the alerts of everybody after an offset."""

    async def fetch(after: int, limit: int) -> Batch:
        found = await clients.ask("notifications", "/internal/alerts", after=after, limit=limit)
        return _batch(found, [alert_wire({"epoch": found["epoch"], **item}) for item in found["items"]], limit)

    return fetch


def feed_after(clients: Clients) -> Fetch:
    """Reads the feed of all bodies after an offset."""

    async def fetch(after: int, limit: int) -> Batch:
        found = await clients.ask("oversight", "/internal/feed", after=after, limit=limit)
        return _batch(found, [feed_wire({"epoch": found["epoch"], **item}) for item in found["items"]], limit)

    return fetch


def _batch(found: dict[str, Any], wires: list[Wire], limit: int) -> Batch:
    return Batch(str(found["epoch"]), int(found["head"]), wires, more=bool(found.get("more", len(wires) >= limit)))


def hint(hub: Hub, payload: bytes) -> None:
    """Hand a broadcast to its hub; what cannot be read is only a hint lost."""
    try:
        sent = orjson.loads(payload)
        hub.offer(alert_wire(sent) if hub.kind == "alerts" else feed_wire(sent))
    except (ValueError, KeyError, TypeError):
        hub.look()


async def inbox_after(clients: Clients, person_id: str, after: int) -> Missed | None:
    """What one person was told after an offset, and how; None when it is too much to send again."""
    path = f"/internal/inbox/{person_id}"
    found = await clients.ask("notifications", path, after=after, limit=REPLAY_LIMIT)
    if found.get("too_far"):
        return None
    missed = [_told_again(found["epoch"], item) for item in found["items"]]
    return Missed(str(found["epoch"]), int(found["head"]), missed)


def _told_again(epoch: str, item: dict[str, Any]) -> tuple[Wire, Telling]:
    """An alert of an inbox as the stream would have brought it."""
    why, core = item["why"], {name: value for name, value in item.items() if name not in ("read", "channel", "why")}
    way = f"{why['route']}|{why['audience']}"
    offset = int(str(item["position"]).rpartition("-")[2])
    wire = Wire(epoch, offset, (why["audience"],), core, reasons={way: why["sentence"]})
    return wire, Telling(f"{CHANNELS.index(item['channel'])}9|{way}", bool(item["read"]))


async def body_feed_after(clients: Clients, body: str, after: int) -> Missed | None:
    """One body's feed after an offset; None when there is too much to send again."""
    found = await clients.ask("oversight", f"/internal/feed/{body}", after=after, limit=REPLAY_LIMIT)
    if found.get("too_far") or found.get("more"):
        return None
    wires = [feed_wire({"epoch": found["epoch"], "bodies": [body], **item}) for item in found["items"]]
    return heard(Batch(str(found["epoch"]), int(found["head"]), wires))
