"""The gatherings of a network that became part of another are the other one's."""

from __future__ import annotations

from shared.envelope import Envelope
from tests.events.conftest import Hall, gathering
from tests.service_rig import STAFF


def merged(source: str, target: str, kind: str = "merge") -> Envelope:
    """The register's message."""
    state = {"id": kind, "revision": 1, "kind": kind, "source": source, "target": target}
    data = {"state": state, "changes": {}, "announcement": None}
    return Envelope(
        "registry.successions", target, "networks.registry.network.merged.v1", "/registry", "merge", data, 1
    )


async def test_gatherings_go_over_each_once_and_nobody_is_told(hall: Hall) -> None:
    alone = await hall.scheduled(title="Alone", networks=["n-1"])
    both = await hall.scheduled(title="Both", networks=["n-1", "n-2"])
    other = await hall.scheduled(title="Other", networks=["n-2"])
    await hall.hear(merged("n-1", "n-2"))
    for event, revision in ((alone, 2), (both, 2), (other, 1)):
        now = (await hall.ask("GET", f"/events/{event['id']}")).json()
        assert ([network["id"] for network in now["networks"]], now["revision"]) == (["n-2"], revision)
    listed = [(await hall.ask("GET", f"/events?network={name}")).json()["total"] for name in ("n-1", "n-2")]
    assert listed == [0, 3]
    changed = [message for message in await hall.told(5) if message.type.endswith("event.changed.v1")]
    assert [message.announcement for message in changed] == [None, None]


async def test_nobody_schedules_for_the_network_that_went(hall: Hall) -> None:
    await hall.hear(merged("n-1", "n-2"))
    refused = await hall.ask("POST", "/events", STAFF, gathering(networks=["n-1"]))
    assert refused.status_code == 422


async def test_what_went_over_goes_back_when_the_merge_is_undone(hall: Hall) -> None:
    alone = await hall.scheduled(title="Alone", networks=["n-1"])
    both = await hall.scheduled(title="Both", networks=["n-1", "n-2"])
    await hall.hear(merged("n-1", "n-2"))
    since = await hall.scheduled(title="Since", networks=["n-2"])
    await hall.hear(merged("n-1", "n-2", "parting"))
    held = [
        [network["id"] for network in (await hall.ask("GET", f"/events/{event['id']}")).json()["networks"]]
        for event in (alone, both, since)
    ]
    assert held == [["n-1"], ["n-1", "n-2"], ["n-2"]]
    assert (await hall.ask("POST", "/events", STAFF, gathering(networks=["n-1"]))).status_code == 201
