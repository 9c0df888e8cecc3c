"""A service nobody has heard of says one thing, and it is told everywhere: nothing else was edited for it."""

from __future__ import annotations

import asyncio

from shared import clock
from shared.announcement import Announcement, Concerns
from shared.config import Settings
from shared.envelope import Envelope, encode
from shared.log import NewRecord, Topic, open_log
from tests.flows.system import System
from tests.flows.test_change import drafted, network_of


async def test_a_new_kind_of_change_appears_in_alerts_feed_and_newsletter(system: System) -> None:
    network = await network_of(system, "member")
    envelope = _award(network)
    async with (
        system.stream("/alerts/stream", "member") as alerts,
        system.stream("/oversight/Q31/feed/stream", "officer") as feed,
        system.as_("staff") as staff,
    ):
        await _say(system, envelope)
        told = lambda item: item["message_id"] == envelope.id  # noqa: E731
        assert (await alerts.until(told))["headline"] == "The toy service gave an award"
        assert (await feed.until(told))["category"] == "news"
        assert await drafted(staff, envelope.id)


def _award(network: dict[str, object]) -> Envelope:
    concerns = Concerns(networks=(str(network["id"]),), bodies=("Q31",))
    announcement = Announcement(
        headline="The toy service gave an award", path=f"/networks/{network['slug']}", concerns=concerns
    )
    data = {"state": {"id": "a1", "revision": 1}, "changes": {}, "announcement": announcement.model_dump(mode="json")}
    return Envelope(
        topic="toy.awards", key=str(network["id"]), type="networks.toy.award.given.v1", source="/toy", subject="a1",
        data=data, revision=1, time=clock.now(),
    )  # fmt: skip


async def _say(system: System, envelope: Envelope) -> None:
    """Append the message to the system's own log, from outside, as a service in another process would."""
    log = open_log(Settings(data=system.folder / "data", kafka=system.env.get("TIDINGS_KAFKA", "")))
    await log.start()
    await log.create_topics([Topic(envelope.topic)])
    await asyncio.sleep(3 if system.scaled else 0)  # readers of every topic look for new ones every two seconds
    headers, value = encode(envelope)
    await log.append([NewRecord(envelope.topic, envelope.key, headers, value)])
    await log.stop()
