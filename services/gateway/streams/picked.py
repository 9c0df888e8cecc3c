"""Streams of picked changes, for programs: what a picker picks of what its caller may see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from services.gateway.clients import Clients, Refused
from services.gateway.edge import Edge
from services.gateway.streams.sources import EVERYTHING, alert_wire
from services.gateway.streams.wires import Batch, Missed, Reader, Telling, Wants, Wire, heard
from shared.announcement import PUBLIC_CATEGORIES
from shared.auth import Principal
from shared.errors import Unprocessable
from shared.picker import TYPE_PATTERN, Picker

PARAMETERS = {
    "type": "types", "network": "networks", "body": "bodies", "care_group": "care_groups", "category": "categories",
}  # fmt: skip
CATEGORIES = PUBLIC_CATEGORIES | {"discussion", "workforce"}
MOST_VALUES = 50
BATCH = 200
GONE = 410
KEY = "picked:"


class WrongPicker(Unprocessable):
    """What is asked for is not understood: type, network, body, care_group and category may be given, and repeated."""


def picker_in(scope: Mapping[str, Any]) -> Picker:
    """The picker in the question of a request. Raises WrongPicker."""
    lists: dict[str, list[str]] = {}
    for name, value in parse_qsl(scope.get("query_string", b"").decode("latin-1"), max_num_fields=500):
        if name in PARAMETERS:
            lists.setdefault(PARAMETERS[name], []).append(value)
    if any(not TYPE_PATTERN.fullmatch(pattern) for pattern in lists.get("types", ())):
        raise WrongPicker("A type is written whole, or its beginning as in networks.registry.*.")
    if set(lists.get("categories", ())) - CATEGORIES:
        raise WrongPicker(f"A category is one of {', '.join(sorted(CATEGORIES))}.")
    if any(len(values) > MOST_VALUES for values in lists.values()):
        raise WrongPicker(f"At most {MOST_VALUES} values of one kind can be asked for.")
    return Picker(**{name: tuple(dict.fromkeys(values)) for name, values in lists.items()})


async def picker_of_subscription(clients: Clients, subscription_id: str, principal: Principal) -> Picker:
    """The picker of a webhook, for those who may see it. Raises what the service says."""
    found = await clients.ask("notifications", f"/subscriptions/{subscription_id}", principal=principal)
    return Picker(**{name: tuple(found[name]) for name in PARAMETERS.values()})


def wants(picker: Picker) -> Wants | None:
    """Whether a wire is one of those picked; None where all are."""

    def one(wire: Wire) -> bool:
        item = wire.item
        return picker.matches(
            type=item.get("type", ""), category=item["category"], care_group=item.get("care_group", ""),
            audiences=wire.audiences,
        )  # fmt: skip

    return None if picker.is_empty else one


class Picked:
    """The readers of picked changes, found again when somebody's audiences change."""

    def __init__(self, edge: Edge) -> None:
        """They listen to the alerts of *edge*."""
        self._edge = edge
        self._keys: dict[str, set[str]] = {}

    async def reader(self, principal: Principal, picker: Picker) -> Reader:
        """The reader of somebody's picker."""
        person_id = principal.person_id
        key = f"{KEY}{person_id}:{orjson.dumps(picker.as_dict()).decode()}"
        audiences = await self.audiences(person_id)
        readers = self._edge.alerts.readers
        known = {old for old in self._keys.get(person_id, ()) if old in readers}
        self._keys[person_id] = known | {key}
        return Reader(key, audiences, wants=wants(picker))

    async def audiences(self, person_id: str) -> list[str]:
        """Whom somebody listens to: visitors to what is public, staff to everything, others to their own as well."""
        if not person_id:
            return ["public"]
        found = await self._edge.clients.ask("notifications", f"/internal/reader/{person_id}")
        return [EVERYTHING] if "staff" in found["audiences"] else ["public", *found["audiences"]]

    def keys_of(self, person_id: str) -> set[str]:
        """The keys of a person's readers."""
        return self._keys.get(person_id, set())

    def replay(self, principal: Principal, picker: Picker) -> Callable[[int], Awaitable[Missed | None]]:
        """Reads what was picked after an offset, a batch at a time; None where it is no longer kept."""
        asked = {name: list(getattr(picker, field)) for name, field in PARAMETERS.items()}
        hub, clients = self._edge.alerts, self._edge.clients

        async def after(offset: int) -> Missed | None:
            position = f"{hub.epoch}-{offset}"
            try:
                found = await clients.ask(
                    "notifications", "/changes", principal=principal, after=position, limit=BATCH, **asked
                )
            except Refused as refused:
                if refused.status in (400, GONE):
                    return None
                raise
            epoch, _, head = found["position"].rpartition("-")
            wires = [_wire(epoch, item) for item in found["items"]]
            return heard(Batch(epoch, int(head), wires, more=found["next"] is not None))

        return after


def person_in(key: str) -> str:
    """The person whose reader has this key."""
    return key.removeprefix(KEY).partition(":")[0]


def opening(picker: Picker) -> bytes:
    """The first event: why these changes come, and how to get less."""
    said = {
        "picker": {name: values for name, values in picker.as_dict().items() if values},
        "why": "because you opened this stream; close it, or ask for less (type, network, body, care_group, category)",
    }
    return b"event: open\ndata: %b\n\n" % orjson.dumps(said)


def change_json(wire: Wire, _telling: Telling) -> bytes:
    """A change for programs."""
    return b"id: %b\nevent: change\ndata: %b\n\n" % (wire.id.encode(), orjson.dumps(wire.item))


def _wire(epoch: str, item: dict[str, Any]) -> Wire:
    offset = int(item["position"].rpartition("-")[2])
    return alert_wire({"epoch": epoch, "offset": offset, "audiences": [], "alert": item})
