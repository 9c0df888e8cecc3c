"""Streams of picked changes: the hub asks the picker, and an absence of any length is made up for or said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.gateway.streams.beginning import Wanted, begun
from services.gateway.streams.formats import alert_json
from services.gateway.streams.hub import Hub
from services.gateway.streams.picked import WrongPicker, change_json, picker_in, wants
from services.gateway.streams.sources import EVERYTHING, alert_wire
from services.gateway.streams.wires import Batch, Missed, Reader, Wire, heard
from shared.picker import Picker
from tests.gateway.conftest import Client, Storage, until, wire


def asking(question: str) -> dict[str, Any]:
    return {"query_string": question.encode()}


def test_picker_is_read_from_the_address() -> None:
    picker = picker_in(asking("network=a&network=b&type=networks.registry.*&category=news&after=e-1&network=a"))
    assert picker == Picker(types=("networks.registry.*",), networks=("a", "b"), categories=("news",))


@pytest.mark.parametrize("question", ["type=*", "type=A", "category=gossip", "&".join(f"body=Q{n}" for n in range(51))])
def test_what_is_not_understood_is_refused(question: str) -> None:
    with pytest.raises(WrongPicker):
        picker_in(asking(question))


def picked_wire(offset: int, type_: str, *audiences: str) -> Wire:
    made = wire(offset, *audiences)
    return replace(made, item={**made.item, "type": type_, "care_group": "stroke"})


async def test_a_stream_gets_what_it_picked_and_others_get_all(hub: Hub, storage: Storage) -> None:
    clients = {}
    pickers = {
        "registry": Picker(types=("networks.registry.*",)), "n2": Picker(networks=("n2",)),
        "stroke": Picker(care_groups=("stroke",)), "none": Picker(bodies=("Q1",)), "all": Picker(),
    }  # fmt: skip
    for name, picker in pickers.items():
        clients[name] = Client()
        reader = Reader(name, ["network:n1", "network:n2"], wants=wants(picker))
        assert hub.released(hub.join(reader, alert_json, clients[name].send), hub.position)
    for offset, type_, network in ((1, "networks.registry.a.b.v1", "n1"), (2, "networks.events.a.b.v1", "n2")):
        made = picked_wire(offset, type_, f"network:{network}")
        storage.add(made)
        hub.offer(made)
    await until(lambda: hub.position == 2)
    got = {name: client.offsets for name, client in clients.items()}
    assert got == {"registry": [1], "n2": [2], "stroke": [1, 2], "none": [], "all": [1, 2]}


def test_who_may_see_everything_is_told_everything_and_others_are_not() -> None:
    sent = {"epoch": "e", "offset": 1, "audiences": ["person:a"], "alert": {"category": "news"}}
    assert alert_wire(sent).audiences == ("person:a", EVERYTHING)


def absence(hub: Hub, missed: int, size: int = 10) -> Callable[[int], Any]:
    """A replay in batches of what was missed up to an offset."""

    async def replay(after: int) -> Missed:
        wires = [picked_wire(n, "networks.toy.x.y.v1") for n in range(after + 1, min(after + size, missed) + 1)]
        return heard(Batch(hub.epoch, missed, wires, more=after + size < missed))

    return replay


async def test_a_long_absence_is_made_up_for_batch_by_batch(hub: Hub) -> None:
    client = Client()
    wanted = Wanted(hub, Reader("r"), change_json, absence(hub, 95), f"{hub.epoch}-0", in_batches=True)

    async def send(event: Any) -> None:
        if "body" in event:
            await client.send(event)

    assert await begun(wanted, send)
    assert client.offsets == list(range(1, 91)) and wanted.last_id == f"{hub.epoch}-90"


async def test_an_absence_too_long_is_said(hub: Hub, monkeypatch: Any) -> None:
    monkeypatch.setattr("services.gateway.streams.beginning.MOST_BATCHES", 3)
    wanted = Wanted(hub, Reader("r"), change_json, absence(hub, 1000), f"{hub.epoch}-0", in_batches=True)

    async def send(_event: Any) -> None: ...

    assert await begun(wanted, send)
    assert not wanted.last_id.startswith(hub.epoch)  # the stream then begins with `reset`
