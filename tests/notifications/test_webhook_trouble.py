"""Webhooks whose receivers fail, dawdle or vanish: tried again, given up with a way back, and nobody else's concern."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from shared import clock
from shared.config import Settings
from shared.mailer.mailbox import LocalMailbox
from shared.outside.calls import Patience
from tests.notifications.conftest import Town, eventually
from tests.notifications.webhooks import arrived, calling_town, log_of, settled, subscribe
from tests.outside import receivers
from tests.outside.receivers import Behaviour, Receiver, answers, answers_late, receiving

LESS_THAN_ONE_CALL = Patience().whole / 2
"""Seconds. One that stood behind a receiver that says nothing would wait for longer, on the slowest machine too."""
JUDGING = "services.notifications.delivery.webhooks.judging"


@pytest.fixture
async def calling(settings: Settings) -> AsyncIterator[Town]:
    async with calling_town(settings) as town:
        await town.network("stroke", "Stroke Network")
        yield town


@pytest.fixture
def hurried(monkeypatch: Any) -> None:
    """Pauses of a fraction of a second."""
    monkeypatch.setattr(f"{JUDGING}.RETRY_PAUSES", (0.05,) * 7)
    monkeypatch.setattr(f"{JUDGING}.FIRST_PAUSE", 0.01)
    monkeypatch.setattr(f"{JUDGING}.LONGEST_PAUSE", 0.05)


def failing(times: int, receiver: Receiver) -> Behaviour:
    """Answers 503 so often, then 204."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        await answers(503 if len(receiver.asked) <= times else 204)(writer)

    return behave


async def hook_at(town: Town, hook: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await town.get(f"/subscriptions/{hook['id']}")
    return found


@pytest.mark.usefixtures("hurried")
async def test_what_failed_is_tried_again_under_the_same_id_until_it_arrives(calling: Town) -> None:
    async with receiving() as receiver:
        receiver.behaviour = failing(4, receiver)
        hook = await subscribe(calling, receiver)
        message_id = await calling.tell("News", networks=["stroke"])
        [entry] = await settled(calling, hook, "delivered")
    whole = await calling.get(f"/subscriptions/{hook['id']}/deliveries/{entry['id']}")
    assert [t["status"] for t in whole["tries"]] == [503] * 4 + [204] and entry["attempts"] == 5
    assert {asked.headers["webhook-id"] for asked in receiver.asked} == {message_id}
    assert (await hook_at(calling, hook))["faring"]["failures"] == 0


async def test_first_pause_is_five_seconds_more_or_less(calling: Town) -> None:
    async with receiving(answers(500)) as receiver:
        hook = await subscribe(calling, receiver)
        await calling.tell("News", networks=["stroke"])
        [entry] = await settled(calling, hook, "retrying")
    wait = (datetime.fromisoformat(entry["next_at"]) - clock.now()).total_seconds()
    assert 3 < wait <= 6 and "500" in entry["reason"]


async def test_receiver_that_asks_for_a_pause_gets_it(calling: Town) -> None:
    async with receiving(answers(429, b"", "retry-after: 120")) as receiver:
        hook = await subscribe(calling, receiver)
        await calling.tell("News", networks=["stroke"])
        [entry] = await settled(calling, hook, "retrying")
        await calling.tell("More", networks=["stroke"])
        await asyncio.sleep(0.4)
        assert len(receiver.asked) == 1
    wait = (datetime.fromisoformat(entry["next_at"]) - clock.now()).total_seconds()
    assert 110 < wait <= 121


async def test_410_disables_at_once_and_the_owner_is_told_by_alert_and_mail(settings: Settings) -> None:
    mailbox = LocalMailbox(settings.data / "mailbox.db")
    async with calling_town(settings, mailbox) as town, receiving(answers(410)) as receiver:
        await town.network("stroke")
        await town.person("ann")
        hook = await subscribe(town, receiver, "ann", name="Intranet")
        await town.tell("News", networks=["stroke"])
        await settled(town, hook, "failed", by="ann")

        async def told() -> bool:
            mails = (await town.get("/mailbox", recipient="ann@people.example"))["items"]
            return len(await town.inbox("ann")) == 1 and len(mails) == 1

        await eventually(told)
        [alert] = await town.inbox("ann")
        [summary] = (await town.get("/mailbox", recipient="ann@people.example"))["items"]
        mail = await town.get(f"/mailbox/{summary['message_id']}")
        found = await town.get(f"/subscriptions/{hook['id']}", "ann")
    assert alert == "Webhook “Intranet” was switched off: nothing arrives at 127.0.0.1"
    assert (summary["subject"], found["status"]) == ("Webhook switched off: Intranet", "disabled")
    assert "410" in mail["text"] and f"/subscriptions/{hook['id']}" in mail["text"] and "410" in found["status_reason"]
    assert all("http://t.example/preferences/ann." in mail[form] for form in ("text", "html"))


@pytest.mark.usefixtures("hurried")
async def test_after_eight_tries_in_vain_it_is_switched_off_and_comes_back_with_what_was_missed(calling: Town) -> None:
    async with receiving(answers(500)) as receiver:
        hook = await subscribe(calling, receiver, owner="staff", types=["networks.toy.*"])
        await calling.tell("First", networks=["stroke"])
        [entry] = await settled(calling, hook, "failed")
        assert entry["attempts"] == 8 == len(receiver.asked)

        async def switched_off() -> bool:
            off = await hook_at(calling, hook)
            return off["status"] == "disabled" and "8 times in vain" in off["status_reason"]

        await eventually(switched_off)

        await calling.tell("Missed", networks=["stroke"])
        receiver.behaviour = answers()
        await calling.post(f"/subscriptions/{hook['id']}/enable", missed=True)
        # What had failed before it was switched off was missed as well, but not while it was off.
        assert [e["headline"] for e in await settled(calling, hook, "delivered", "failed")] == ["Missed", "First"]
        again = await calling.post(f"/subscriptions/{hook['id']}/redeliver", which="failed")
        await settled(calling, hook, "delivered", "delivered")
    assert again["ordered"] == 1


@pytest.mark.usefixtures("hurried")
async def test_one_message_refused_for_ever_switches_nothing_off_while_others_arrive(calling: Town) -> None:
    await calling.network("cancer")
    async with receiving() as receiver:

        async def choosy(writer: asyncio.StreamWriter) -> None:
            await answers(422 if b"Poison" in receiver.asked[-1].body else 204)(writer)

        receiver.behaviour = choosy
        hook = await subscribe(calling, receiver)
        await calling.tell("Poison", networks=["stroke"])

        async def given_up() -> bool:
            await calling.tell("Fine", networks=["cancer"])
            return (await log_of(calling, hook))[-1]["state"] == "failed"

        await eventually(given_up)
        assert (await hook_at(calling, hook))["status"] == "active"


async def test_switched_off_by_hand_sends_nothing_and_keeps_what_waits(calling: Town) -> None:
    async with receiving(answers(500)) as receiver:
        hook = await subscribe(calling, receiver)
        await calling.tell("Waits", networks=["stroke"])
        await settled(calling, hook, "retrying")
        await calling.post(f"/subscriptions/{hook['id']}/disable", reason="Moving")
        refused = await calling.client.post(
            f"/subscriptions/{hook['id']}/redeliver", json={}, headers=calling.as_(_staff())
        )
        assert refused.status_code == 409 and "switch it on" in refused.json()["detail"]
        receiver.behaviour = answers()
        await calling.tell("While off", networks=["stroke"])
        await calling.post(f"/subscriptions/{hook['id']}/test")
        await settled(calling, hook, "delivered")
        assert len(receiver.asked) == 2
        await calling.post(f"/subscriptions/{hook['id']}/enable")
        await calling.post(f"/subscriptions/{hook['id']}/redeliver", which="failed")
        entries = await settled(calling, hook, "delivered", "delivered")
        assert "While off" not in {e["headline"] for e in entries}


def _staff() -> Any:
    from tests.notifications.conftest import STAFF

    return STAFF


async def test_range_from_a_position_and_from_a_time_is_sent_again_in_order(calling: Town) -> None:
    async with receiving() as receiver:
        hook = await subscribe(calling, receiver, networks=["stroke"])
        for number in range(5):
            await calling.tell(f"News {number}", networks=["stroke"])
        await arrived(receiver, 5)
        entries = sorted(await settled(calling, hook, *["delivered"] * 5), key=_offset)
        there = f"/subscriptions/{hook['id']}/redeliver"
        by_position = await calling.post(there, which="all", after=entries[2]["position"])
        await arrived(receiver, 7)
        since = entries[4]["ordered_at"]
        moment = (await calling.get("/alerts", _staff(), limit=1))["position"]
        by_time = await calling.post(there, which="all", since=str(clock.now()))
        assert (by_position["ordered"], by_position["more"], by_time["ordered"]) == (2, False, 0)
        assert by_position["position"] == moment and since
    ids = [asked.headers["webhook-id"] for asked in receiver.asked]
    assert ids[5:] == [entry["message_id"] for entry in entries[3:]]


def _offset(entry: dict[str, Any]) -> int:
    """Where a message stands: a receiver that was slow to answer first may have had two the other way round."""
    return int(entry["position"].rpartition("-")[2])


async def test_never_sent_before_is_sent_from_a_position(calling: Town) -> None:
    await calling.tell("Before it was there", networks=["stroke"])
    async with receiving() as receiver:
        hook = await subscribe(calling, receiver)
        nothing = await calling.post(f"/subscriptions/{hook['id']}/redeliver", which="failed")
        missed = await calling.post(f"/subscriptions/{hook['id']}/redeliver", which="missed")
        await settled(calling, hook, "delivered")
        again = await calling.post(f"/subscriptions/{hook['id']}/redeliver", which="missed")
    assert (nothing["ordered"], missed["ordered"], again["ordered"]) == (0, 1, 0)


async def test_one_network_arrives_in_order_and_others_beside_it(calling: Town) -> None:
    networks = [await calling.network(f"n{number}") for number in range(6)]
    async with receiving(answers_late(0.02)) as receiver:
        hook = await subscribe(calling, receiver)
        await calling.tell("Warm", networks=["stroke"])
        await settled(calling, hook, "delivered")
        await calling.append(
            *(calling.news(f"{n} {i}", topic="toy.things", networks=[n]) for i in range(5) for n in networks)
        )
        asked = await arrived(receiver, 31)
    order: dict[str, list[str]] = {n: [] for n in networks}
    for one in asked[1:]:
        n, _, i = one.body.partition(b'"headline":"')[2].partition(b'"')[0].decode().partition(" ")
        order[n.lower()].append(i)
    assert all(found == ["0", "1", "2", "3", "4"] for found in order.values()), order
    assert 1 < receiver.most_at_once <= 5


@pytest.mark.parametrize("behaviour", [receivers.never, receivers.floods, receivers.drips, receivers.hangs_up])
async def test_misbehaving_receivers_do_not_delay_the_others(calling: Town, behaviour: Behaviour) -> None:
    async with receiving(behaviour) as bad, receiving() as good:
        for number in range(150):
            await subscribe(calling, bad, name=f"bad {number}", owner="staff")
        healthy = await subscribe(calling, good, name="good")
        await calling.tell("Warm", networks=["stroke"])
        await settled(calling, healthy, "delivered")
        await asyncio.sleep(1)
        await calling.tell("News", networks=["stroke"])
        await arrived(good, 2, seconds=LESS_THAN_ONE_CALL)


async def test_an_inner_address_is_refused_at_once_and_a_name_that_leads_there_when_it_is_called(town: Town) -> None:
    await town.network("stroke")
    for url in ("http://127.0.0.1/", "https://[::1]/", "http://169.254.169.254/latest/meta-data"):
        body = {"name": "A", "url": url, "form": "signal"}
        refused = await town.client.post("/subscriptions", json=body, headers=town.as_(_staff()))
        assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "url"
    async with receiving() as receiver:
        hook = await subscribe(town, receiver, url=f"https://localhost:{receiver.port}/", form="full")
        await town.tell("News", networks=["stroke"])
        [entry] = await settled(town, hook, "retrying")
        assert "not a public address" in entry["reason"] and receiver.connections == 0
