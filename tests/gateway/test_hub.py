"""The hub brings each wire once, in order, to whom it concerns, whatever happens to the broadcasts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from services.gateway.streams import hub as hub_module
from services.gateway.streams import wires
from services.gateway.streams.formats import alert_json
from services.gateway.streams.hub import Hub
from services.gateway.streams.wires import Reader
from tests.gateway.conftest import Client, Storage, until, wire

pytestmark = pytest.mark.fast
Listens = Callable[..., Client]


@pytest.fixture(autouse=True, params=["asgi", "connection"])
def way_out(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams are written to by the letter of ASGI, or as uvicorn's: at their connections, many at once."""
    if request.param == "connection":
        monkeypatch.setattr(wires, "_way_out", lambda send: send.__self__)


async def test_wires_broadcast_out_of_order_arrive_in_order(hub: Hub, storage: Storage, listens: Listens) -> None:
    client = listens("anna")
    storage.add(*(wire(number) for number in range(1, 6)))
    for number in (3, 1, 5, 2, 4):
        hub.offer(wire(number))
    await until(lambda: len(client.offsets) == 5)
    assert client.offsets == [1, 2, 3, 4, 5]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that reads storage when it begins, and then not for a minute."""
    monkeypatch.setattr(hub_module, "LOOK_SECONDS", 60.0)
    monkeypatch.setattr(hub_module, "GRACE_SECONDS", 60.0)


async def test_early_wires_wait_for_the_ones_before_without_reading_storage(
    patient: None, hub: Hub, storage: Storage, listens: Listens
) -> None:
    client, reads = listens("anna"), storage.reads
    for number in (2, 3, 1):
        hub.offer(wire(number))
    await until(lambda: len(client.offsets) == 3)
    assert client.offsets == [1, 2, 3]
    assert storage.reads == reads


async def test_a_lost_broadcast_is_fetched_from_storage(hub: Hub, storage: Storage, listens: Listens) -> None:
    client = listens("anna")
    storage.add(wire(1), wire(2))
    hub.offer(wire(2))
    await until(lambda: client.offsets == [1, 2])


async def test_when_every_broadcast_is_lost_a_look_finds_everything(
    hub: Hub, storage: Storage, listens: Listens
) -> None:
    client = listens("anna")
    storage.add(*(wire(number) for number in range(1, 1201)))
    hub.look()
    await until(lambda: len(client.offsets) == 1200)
    assert client.offsets == list(range(1, 1201))


async def test_a_repeated_broadcast_is_delivered_once(hub: Hub, listens: Listens) -> None:
    client = listens("anna")
    for number in (1, 1, 2, 1, 2):
        hub.offer(wire(number))
    await until(lambda: hub.position == 2)
    assert client.offsets == [1, 2]


async def test_offsets_that_storage_never_used_are_not_waited_for(hub: Hub, storage: Storage, listens: Listens) -> None:
    client = listens("anna")
    storage.add(wire(1), wire(9))
    hub.offer(wire(9))
    await until(lambda: client.offsets == [1, 9])
    assert hub.position == 9


async def test_several_matching_audiences_bring_one_frame(hub: Hub, listens: Listens) -> None:
    client = listens("anna", "network:n1", "body:Q31", "staff")
    hub.offer(wire(1, "network:n1", "body:Q31", "staff"))
    await until(lambda: hub.position == 1)
    assert client.offsets == [1]


async def test_only_those_concerned_get_it_and_not_who_muted_the_network(hub: Hub, listens: Listens) -> None:
    member, other, muted = listens("anna"), listens("ben", "network:n2"), listens("cleo", "body:Q31", muted=("n1",))
    hub.offer(wire(1, "network:n1", "body:Q31"))
    await until(lambda: hub.position == 1)
    assert (member.offsets, other.offsets, muted.offsets) == ([1], [], [])


async def test_a_reader_whose_audiences_change_hears_the_new_ones_on_open_streams(hub: Hub, listens: Listens) -> None:
    client = listens("anna", "network:n2")
    hub.change(hub.readers["anna"], Reader("anna", ["network:n1"]))
    hub.offer(wire(1))
    hub.offer(wire(2, network="n2"))
    await until(lambda: hub.position == 2)
    assert client.offsets == [1]


async def test_a_slow_client_is_cut_and_the_others_are_not_kept_waiting(hub: Hub, listens: Listens) -> None:
    slow, quick = Client(slow=False), listens("ben")
    stream = hub.join(Reader("anna", ["network:n1"]), lambda w, _: b"x", slow.send)
    hub.released(stream, 0)
    slow.slow = True
    hub.offer(wire(1))
    await until(lambda: hub.position == 1 and quick.offsets == [1])
    assert "anna" not in hub.readers


async def test_storage_made_anew_tells_every_stream_to_fetch_again(
    hub: Hub, storage: Storage, listens: Listens
) -> None:
    client = listens("anna")
    storage.epoch, storage.wires = "e2", [wire(7, epoch="e2")]
    hub.offer(wire(8, epoch="e2"))
    await until(lambda: any("event: reset" in frame for frame in client.frames))
    assert (hub.epoch, hub.position) == ("e2", 7)


async def test_storage_away_is_said_and_what_came_meanwhile_is_delivered_after(
    hub: Hub, storage: Storage, listens: Listens
) -> None:
    client = listens("anna")
    storage.is_away = True
    hub.look()
    await until(lambda: hub.away)
    storage.add(wire(1))
    storage.is_away = False
    await until(lambda: client.offsets == [1])
    assert hub.away is None


async def test_what_comes_during_a_replay_is_held_and_what_was_replayed_is_not_repeated(hub: Hub) -> None:
    client = Client()
    stream = hub.join(Reader("anna", ["network:n1"]), lambda w, _: f"id: {w.id}\n\n".encode(), client.send)
    for number in (1, 2, 3):
        hub.offer(wire(number))
    await until(lambda: hub.position == 3)
    assert client.frames == []
    assert hub.released(stream, 2)
    hub.offer(wire(4))
    await until(lambda: hub.position == 4)
    assert client.offsets == [3, 4]


async def test_a_replay_ahead_of_the_hub_is_not_repeated_by_it(hub: Hub) -> None:
    client = Client()
    stream = hub.join(Reader("anna", ["network:n1"]), lambda w, _: f"id: {w.id}\n\n".encode(), client.send)
    assert hub.released(stream, 5)
    for number in range(1, 8):
        hub.offer(wire(number))
    await until(lambda: hub.position == 7)
    assert client.offsets == [6, 7]


async def test_one_who_replays_and_whoever_did_it_are_told_apart_from_the_others(hub: Hub, listens: Listens) -> None:
    others, doer, late = [listens(f"p{number}") for number in range(3)], listens("anna"), Client()
    stream = hub.join(Reader("ben", ["network:n1"]), alert_json, late.send)
    for number in (1, 2):
        hub.offer(replace(wire(number), actor="anna"))
    await until(lambda: hub.position == 2)
    assert hub.released(stream, 1)
    hub.offer(wire(3))
    await until(lambda: hub.position == 3)
    assert [other.offsets for other in others] == [[1, 2, 3]] * 3 and late.offsets == [2, 3]
    assert ['"read":true' in frame for frame in doer.frames] == [True, True, False]


async def test_the_last_stream_takes_its_reader_along(hub: Hub, listens: Listens) -> None:
    listens("anna")
    reader = hub.readers["anna"]
    for stream in list(reader.streams):
        hub.leave(stream)
        hub.leave(stream)
    assert hub.readers == {}
    hub.offer(wire(1))
    await until(lambda: hub.position == 1)
    await asyncio.sleep(0)
