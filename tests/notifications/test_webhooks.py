"""Webhooks: what was picked arrives, signed, in time, and exactly what the owner may see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from shared.auth import Principal
from shared.config import Settings
from tests.notifications.conftest import STAFF, Town
from tests.notifications.webhooks import arrived, calling_town, log_of, settled, subscribe, verified
from tests.outside.receivers import Receiver, answers, receiving

OFFICER = Principal("olive", bodies=frozenset({"Q31"}))


@pytest.fixture
async def calling(settings: Settings) -> AsyncIterator[Town]:
    async with calling_town(settings) as town:
        await town.network("stroke", "Stroke Network")
        yield town


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(answers(200, b"thanks")) as running:
        yield running


async def test_change_arrives_signed_and_a_stranger_can_verify_it(calling: Town, receiver: Receiver) -> None:
    hook = await subscribe(calling, receiver, networks=["stroke"])
    message_id = await calling.tell("Stroke has a new aim", networks=["stroke"], category="governance")
    [asked] = await arrived(receiver)
    event = verified(asked, hook["secret"])
    assert asked.headers["webhook-id"] == event["id"] == message_id
    assert (event["specversion"], event["type"]) == ("1.0", "networks.toy.thing.happened.v1")
    assert event["data"]["headline"] == "Stroke has a new aim" and event["timestamp"]
    assert "Stroke Network" in event["data"]["why"]["sentence"] and hook["id"] in event["data"]["why"]["change"]
    with pytest.raises(WebhookVerificationError):
        verified(asked, "whsec_" + "QUJD" * 11)


async def test_log_says_what_was_sent_and_what_was_answered(calling: Town, receiver: Receiver) -> None:
    hook = await subscribe(calling, receiver)
    await calling.tell("News", networks=["stroke"])
    [entry] = await settled(calling, hook, "delivered")
    whole = await calling.get(f"/subscriptions/{hook['id']}/deliveries/{entry['id']}")
    [tried] = whole["tries"]
    assert (tried["status"], tried["body"], tried["headers"]["content-length"]) == (200, "thanks", "6")
    assert whole["request"]["body"].encode() == receiver.asked[0].body and tried["milliseconds"] >= 0
    assert (await calling.get(f"/subscriptions/{hook['id']}"))["faring"]["counts"] == {"delivered": 1}


async def test_only_what_is_picked_is_ordered(calling: Town, receiver: Receiver) -> None:
    await calling.network("cancer", care_group="cancer")
    pickers = {
        "network": {"networks": ["cancer"]}, "group": {"care_groups": ["stroke"]}, "body": {"bodies": ["Q31"]},
        "type": {"types": ["networks.toy.*"]}, "other type": {"types": ["networks.toy.thing.happened.v2"]},
        "category": {"categories": ["events"]}, "both": {"networks": ["stroke"], "categories": ["events"]}, "all": {},
    }  # fmt: skip
    hooks = {name: await subscribe(calling, receiver, name=name, **picker) for name, picker in pickers.items()}
    await calling.tell("Stroke", networks=["stroke"], bodies=["Q31"], category="governance")
    await calling.tell("Cancer", networks=["cancer"], category="events")
    got = {name: [e["headline"] for e in reversed(await log_of(calling, hook))] for name, hook in hooks.items()}
    assert got == {
        "network": ["Cancer"], "group": ["Stroke"], "body": ["Stroke"], "type": ["Stroke", "Cancer"],
        "other type": [], "category": ["Cancer"], "both": [], "all": ["Stroke", "Cancer"],
    }  # fmt: skip


async def test_signal_carries_no_personal_data_and_a_way_back(calling: Town, receiver: Receiver) -> None:
    await calling.person("ann", "Ann Example")
    hook = await subscribe(calling, receiver, form="signal")
    message_id = await calling.tell("{person:ann} leads", networks=["stroke"], people=["ann"], path="/people/ann")
    [asked] = await arrived(receiver)
    event = verified(asked, hook["secret"])
    assert b"Ann" not in asked.body and b"ann" not in asked.body.replace(b"channel", b"")
    assert event["data"]["url"] == f"http://t.example/api/changes/{message_id}"
    assert {"headline", "state", "path"}.isdisjoint(event["data"]) and "subject" not in event


async def test_full_form_names_people_as_they_are_called_when_it_is_sent(calling: Town, receiver: Receiver) -> None:
    await calling.person("ann", "Ann Example")
    hook = await subscribe(calling, receiver)
    await calling.tell("{person:ann} leads", networks=["stroke"])
    [asked] = await arrived(receiver)
    assert verified(asked, hook["secret"])["data"]["headline"] == "Ann Example leads"
    [entry] = await settled(calling, hook, "delivered")
    await calling.erased("ann")
    whole = await calling.get(f"/subscriptions/{hook['id']}/deliveries/{entry['id']}")
    assert "Ann" not in str(whole) and whole["headline"] == "A former member leads"
    assert [t["body"] for t in whole["tries"]] == [""]


async def test_owner_gets_what_they_may_see_and_no_more(calling: Town, receiver: Receiver) -> None:
    for person in ("mia", "vic", "fay"):
        await calling.person(person)
    await calling.person("olive", bodies=["Q31"])
    await calling.role("mia", "stroke")
    await calling.post("/networks/stroke/follow", "fay")
    hooks = {who: await subscribe(calling, receiver, who, name=who) for who in ("mia", "vic", "fay", "olive")}
    hooks["team"] = await subscribe(calling, receiver, name="team", owner="staff")
    await calling.tell("Public", networks=["stroke"], category="news")
    await calling.tell("Members", networks=["stroke"], category="discussion")
    await calling.tell("Officers", bodies=["Q31"], category="workforce")
    await calling.tell("To Vic", people=["vic"])
    await calling.tell("Staff", staff=True)
    got = {}
    for who, hook in hooks.items():
        got[who] = [e["headline"] for e in reversed(await log_of(calling, hook))]
    assert got == {
        "mia": ["Public", "Members"], "fay": ["Public", "Members"], "vic": ["Public", "To Vic"],
        "olive": ["Public", "Officers"], "team": ["Public", "Members", "Officers", "To Vic", "Staff"],
    }  # fmt: skip


async def test_state_is_for_those_whom_somebody_gave_a_place(calling: Town, receiver: Receiver) -> None:
    """Whoever merely follows is told what the page tells; a members' meeting place is for members."""
    for person in ("mia", "fay"):
        await calling.person(person)
    await calling.role("mia", "stroke")
    await calling.post("/networks/stroke/follow", "fay")
    mia, fay = [await subscribe(calling, receiver, who, name=who) for who in ("mia", "fay")]
    message = calling.news("A meeting", topic="toy.things", networks=["stroke"], category="events")
    message.data["state"] = {"online_url": "https://meet.example/secret"}  # type: ignore[index]
    await calling.append(message)
    bodies = {asked.body for asked in await arrived(receiver, 2)}
    whole = [b for b in bodies if b"meet.example" in b]
    assert len(whole) == 1 and mia["id"].encode() in whole[0] and fay["id"].encode() not in whole[0]


async def test_who_lost_the_place_before_it_was_sent_gets_it_no_more(calling: Town) -> None:
    await calling.person("mia")
    await calling.role("mia", "stroke")
    async with receiving(answers(500)) as receiver:
        hook = await subscribe(calling, receiver, "mia")
        await calling.tell("For members", networks=["stroke"], category="discussion")
        [entry] = await settled(calling, hook, "retrying", by="mia")
        await calling.role("mia", "stroke", status="ended")
        receiver.behaviour = answers()
        await calling.post(f"/subscriptions/{hook['id']}/deliveries/{entry['id']}/redeliver", "mia")
        await settled(calling, hook, "withdrawn", by="mia")
        assert len(receiver.asked) == 1


async def test_two_secrets_sign_side_by_side_and_the_old_one_ends(calling: Town, receiver: Receiver) -> None:
    hook = await subscribe(calling, receiver)
    new = await calling.post(f"/subscriptions/{hook['id']}/secret", overlap_hours=1)
    await calling.tell("During", networks=["stroke"])
    [during] = await arrived(receiver)
    assert verified(during, hook["secret"]) == verified(during, new["secret"])
    last = await calling.post(f"/subscriptions/{hook['id']}/secret", overlap_hours=0)
    await calling.tell("After", networks=["stroke"])
    _, after = await arrived(receiver, 2)
    assert verified(after, last["secret"])["data"]["headline"] == "After"
    for old in (hook["secret"], new["secret"]):
        with pytest.raises(WebhookVerificationError):
            verified(after, old)


async def test_secret_is_shown_once_and_kept_nowhere(calling: Town, receiver: Receiver) -> None:
    headers = {**calling.as_(STAFF), "idempotency-key": "same"}
    body = {"name": "A", "url": receiver.url}
    made = await calling.client.post("/subscriptions", json=body, headers=headers)
    secret = made.json()["secret"]
    assert made.headers["cache-control"] == "no-store" and secret.startswith("whsec_")
    assert secret not in str(await calling.get("/subscriptions"))
    again = await calling.client.post("/subscriptions", json=body, headers=headers)
    assert again.json()["secret"] != secret and "idempotent-replay" not in again.headers


async def test_test_button_says_what_came_of_it(calling: Town, receiver: Receiver) -> None:
    hook = await subscribe(calling, receiver)
    sent = await calling.post(f"/subscriptions/{hook['id']}/test")
    [entry] = await settled(calling, hook, "delivered")
    event = verified(receiver.asked[0], hook["secret"])
    assert event["id"] == sent["message_id"] == entry["message_id"] and "test" in event["type"]
    receiver.behaviour = answers(500)
    await calling.post(f"/subscriptions/{hook['id']}/test")
    entries = await settled(calling, hook, "failed", "delivered")
    assert entries[0]["status"] == 500 and "500" in entries[0]["reason"]


async def test_link_in_a_message_stops_it_without_signing_in(calling: Town, receiver: Receiver) -> None:
    hook = await subscribe(calling, receiver)
    await calling.tell("News", networks=["stroke"])
    [asked] = await arrived(receiver)
    path = verified(asked, hook["secret"])["data"]["why"]["stop"].removeprefix("http://t.example")
    assert (await calling.client.get(path)).json()["stopped"] is False
    assert (await calling.client.post(path)).json()["stopped"] is True
    assert (await calling.get(f"/subscriptions/{hook['id']}"))["status"] == "disabled"
    await calling.tell("More", networks=["stroke"])
    await asyncio.sleep(0.4)
    assert len(receiver.asked) == 1


async def test_follow_a_change_counts_its_webhooks(calling: Town, receiver: Receiver) -> None:
    hooks = [await subscribe(calling, receiver) for _ in range(2)]
    message_id = await calling.tell("News", networks=["stroke"])
    for hook in hooks:
        await settled(calling, hook, "delivered")
    effects = (await calling.get(f"/trace/{message_id}"))["effects"]
    [effect] = [effect for effect in effects if effect["kind"] == "webhook"]
    assert (effect["count"], effect["outcome"]) == (2, "delivered")
    assert "127.0.0.1" not in str(effects)


async def test_erased_owner_takes_their_webhooks_along_and_the_team_keeps_its_own(
    calling: Town, receiver: Receiver
) -> None:
    await calling.person("ann", is_staff=True)
    ann = Principal("ann", is_staff=True)
    await subscribe(calling, receiver, ann, name="hers")
    await subscribe(calling, receiver, ann, name="the team's", owner="staff")
    await calling.erased("ann")
    assert [hook["name"] for hook in (await calling.get("/subscriptions", everybody=True))["items"]] == ["the team's"]
    await calling.tell("News", networks=["stroke"])
    await arrived(receiver)
    await asyncio.sleep(0.3)
    assert len(receiver.asked) == 1
