"""Challenges: who may say what when, who is reminded and told when a date comes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from shared.auth import ANYBODY
from tests.days import today
from tests.registry.challenging import OFFICER, SUBJECT, TEXT, Scene, both_sides, turn
from tests.registry.conftest import BOTH, Register


@pytest.fixture
async def scene(register: Register) -> Scene:
    """The two networks and their people."""
    return await both_sides(register)


async def test_a_challenge_is_answered_asked_again_and_accepted(scene: Scene) -> None:
    challenge = await scene.challenged()
    assert (challenge["status"], challenge["overdue"], challenge["posts"]) == ("open", False, 1)
    assert (await scene.reply(challenge, "comment", scene.answerer, text="We look into it.")).status_code == 201
    assert (await scene.reply(challenge, "comment", scene.asker, text="Thank you.")).status_code == 201
    answered = (await scene.reply(challenge, "answer", scene.answerer, text="No porters.")).json()
    assert answered["status"] == "answered" and answered["answered_at"]
    until = str(today() + timedelta(days=60))
    asked = (await scene.reply(challenge, "ask_again", scene.asker, text="And now?", until=until)).json()
    assert (asked["status"], asked["answer_by"]) == ("open", until)
    await scene.reply(challenge, "answer", scene.answerer, text="Two porters from May.")
    closed = (await scene.reply(challenge, "accept", scene.asker, text="Agreed.")).json()
    assert (closed["status"], closed["outcome"], closed["may"]) == ("closed", "accepted", [])
    kinds = [(post["kind"], post["side"], post["author_name"]) for post in await scene.thread(challenge)]
    assert kinds == [
        ("raised", "challenger", "Asha"), ("comment", "provider", "Anwar"), ("comment", "challenger", "Asha"),
        ("answer", "provider", "Anwar"), ("ask_again", "challenger", "Asha"), ("answer", "provider", "Anwar"),
        ("accept", "challenger", "Asha"),
    ]  # fmt: skip
    assert (await scene.reply(challenge, "comment", scene.asker, text="One more thing")).status_code == 409


async def test_each_side_can_do_what_is_its_own_and_the_page_is_told_what(scene: Scene) -> None:
    challenge = await scene.challenged()
    path = f"/challenges/{challenge['id']}"
    assert challenge["may"] == ["comment", "give_time", "close", "withdraw"]
    assert (await scene.register.get(path, by=scene.answerer))["may"] == ["comment", "answer", "ask_time"]
    for nobody in (scene.patient, scene.stranger, OFFICER, ANYBODY):
        assert (await scene.register.get(path, by=nobody))["may"] == []
    for kind, by in (("answer", scene.asker), ("accept", scene.answerer), ("withdraw", scene.answerer)):
        refused = await scene.reply(challenge, kind, by, text="Mine")
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-your-side")
    for stranger in (scene.patient, scene.stranger, OFFICER):
        refused = await scene.reply(challenge, "comment", stranger, text="Mine")
        assert refused.status_code == 403 and "one of the two networks" in refused.json()["detail"]
    assert (await scene.reply(challenge, "comment", ANYBODY, text="Mine")).status_code == 401
    assert len(await scene.thread(challenge)) == 1


async def test_time_is_asked_for_refused_and_given(scene: Scene) -> None:
    challenge = await scene.challenged()
    later = str(today() + timedelta(days=45))
    asked = (await scene.reply(challenge, "ask_time", scene.answerer, text="Holidays", until=later)).json()
    assert (asked["asked_until"], asked["answer_by"]) == (later, challenge["answer_by"])
    assert (await scene.reply(challenge, "refuse_time", scene.asker)).json()["asked_until"] is None
    assert (await scene.reply(challenge, "refuse_time", scene.asker)).status_code == 409
    given = (await scene.reply(challenge, "give_time", scene.asker, until=later)).json()
    assert (given["answer_by"], given["asked_until"]) == (later, None)


@pytest.mark.parametrize(
    ("kind", "fields", "word"),
    [
        ("comment", {"text": " "}, "write what you want"),
        ("give_time", {}, "until when"),
        ("give_time", {"until": str(today() + timedelta(days=3))}, "later than the present"),
        ("give_time", {"until": str(today() + timedelta(days=900))}, "within a year"),
        ("shout", {"text": "x"}, "Input should be"),
    ],
)
async def test_what_lacks_something_is_refused_with_its_field(
    scene: Scene, kind: str, fields: dict[str, Any], word: str
) -> None:
    challenge = await scene.challenged()
    refused = await scene.reply(challenge, kind, scene.asker, **fields)
    assert refused.status_code == 422 and word in refused.json()["errors"][0]["message"]
    assert (await scene.register.get(f"/challenges/{challenge['id']}"))["revision"] == 1


async def test_only_a_commissioner_challenges_and_only_a_provider_is_challenged(scene: Scene) -> None:
    register, body = scene.register, {"subject": SUBJECT, "text": TEXT, "answer_by": str(today() + timedelta(days=9))}
    backwards = {**body, "provider": scene.commissioners}
    refused = await register.ask("POST", f"/networks/{scene.providers}/challenges", backwards, by=scene.answerer)
    assert refused.json()["type"] == "/problems/not-a-commissioner"
    itself = await register.ask("POST", f"/networks/{scene.commissioners}/challenges", backwards, by=scene.asker)
    assert itself.status_code == 422
    forwards = {**body, "provider": scene.providers}
    for by in (scene.answerer, scene.stranger, OFFICER):
        assert (
            await register.ask("POST", f"/networks/{scene.commissioners}/challenges", forwards, by=by)
        ).status_code == 403
    past = {**forwards, "answer_by": str(today())}
    refused = await register.ask("POST", f"/networks/{scene.commissioners}/challenges", past, by=scene.asker)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "answer_by")
    both = await register.network("All of Cheshire", side="both")
    assert await register.post(f"/networks/{both}/challenges", forwards)


async def test_a_public_challenge_tells_both_networks_and_their_bodies(scene: Scene) -> None:
    await scene.challenged(reason="The audit of May")
    told = (await scene.said())[-1]
    assert told.announcement is not None and told.key == told.subject
    assert told.announcement.headline.startswith(
        f"North West Commissioners raised the challenge “{SUBJECT}” with Mersey"
    )
    assert set(told.announcement.concerns.audiences()) == {
        f"network:{scene.providers}", f"network:{scene.commissioners}", "body:Q31"
    }  # fmt: skip
    assert (told.announcement.category, told.state["subject"]) == ("governance", SUBJECT)


@BOTH
async def test_what_is_going_on_follows_a_network_into_the_one_it_becomes_part_of(scene: Scene) -> None:
    register, ended, going_on = scene.register, await scene.challenged(), await scene.challenged()
    await scene.reply(ended, "withdraw", scene.asker)
    other = await register.network("Wirral Stroke Network", side="both")
    between = await register.post(f"/networks/{other}/challenges", {
        "provider": scene.providers, "subject": "x", "text": "y", "answer_by": str(today() + timedelta(days=9))
    })  # fmt: skip
    await register.post(f"/networks/{scene.providers}/merge", {"into": other, "reason": "One office"})
    moved = await register.get(f"/challenges/{going_on['id']}")
    assert (moved["provider"]["id"], moved["status"], moved["revision"]) == (other, "open", 2)
    assert (await register.get(f"/challenges/{between['id']}"))["status"] == "withdrawn"
    assert (await register.get(f"/challenges/{ended['id']}"))["provider"]["id"] == scene.providers
    last = (await scene.said())[-1]
    assert last.announcement is None and last.state["id"] in (going_on["id"], between["id"])
    assert "is now part of" in (await scene.thread(going_on))[-1]["text"]


# The clock


async def kinds(scene: Scene) -> list[str]:
    return [message.type.split(".")[3] for message in await scene.said()]


async def test_reminders_come_seven_days_and_one_day_before_and_each_once(scene: Scene) -> None:
    challenge = await scene.challenged()
    date = today() + timedelta(days=30)
    for before in (8, 7, 7, 5, 1, 1, 0):
        await turn(scene.register, date - timedelta(days=before))
    messages = await scene.said()
    assert await kinds(scene) == ["raised", "reminded", "reminded"]
    headlines = [message.announcement.headline for message in messages if message.announcement]
    assert headlines[1:] == [
        f"7 days are left to answer the challenge “{SUBJECT}” of North West Commissioners",
        f"1 day is left to answer the challenge “{SUBJECT}” of North West Commissioners",
    ]
    assert messages[-1].announcement.concerns.audiences() == [f"person:{scene.answerer.person_id}"]  # type: ignore[union-attr]
    assert [post["side"] for post in await scene.thread(challenge)] == ["challenger", "clock", "clock"]


@BOTH
async def test_what_is_overdue_is_told_to_the_providers_bodies_once(scene: Scene) -> None:
    challenge = await scene.challenged()
    for after in (31, 31, 40):
        await asyncio.gather(*(turn(scene.register, today() + timedelta(days=after)) for _ in range(3)))
    assert await kinds(scene) == ["raised", "escalated"]
    told = (await scene.said())[-1].announcement
    assert told is not None and told.significance == "major" and "body:Q31" in told.concerns.audiences()
    assert "has not answered" in told.headline
    assert (await scene.register.get(f"/challenges/{challenge['id']}"))["escalated_at"]
    found = (await scene.register.get("/challenges?sha=Q31&status=open"))["items"]
    assert [(item["id"], item["escalated_at"] is not None) for item in found] == [(challenge["id"], True)]


async def test_a_process_that_slept_through_says_only_what_is_still_true(scene: Scene) -> None:
    await scene.challenged()
    await turn(scene.register, today() + timedelta(days=28))
    assert await kinds(scene) == ["raised", "reminded"]
    assert "2 days are left" in (await scene.said())[-1].announcement.headline  # type: ignore[union-attr]
    await turn(scene.register, today() + timedelta(days=29))
    assert await kinds(scene) == ["raised", "reminded", "reminded"]


async def test_an_answer_stops_the_clock_and_a_new_date_starts_it_again(scene: Scene) -> None:
    challenge = await scene.challenged()
    await scene.reply(challenge, "answer", scene.answerer, text="No porters.")
    await turn(scene.register, today() + timedelta(days=40))
    assert await kinds(scene) == ["raised", "answered"]
    until = today() + timedelta(days=60)
    await scene.reply(challenge, "ask_again", scene.asker, text="And now?", until=str(until))
    await turn(scene.register, until - timedelta(days=7))
    await turn(scene.register, until + timedelta(days=1))
    assert (await kinds(scene))[2:] == ["reopened", "reminded", "escalated"]


async def test_the_worker_finds_what_fell_due_while_nothing_ran(scene: Scene) -> None:
    from services.registry.app import service

    await scene.challenged()
    (worker,) = [worker for worker in service.workers if worker.__name__ == "turn_challenges"]
    with clock.at(clock.now() + timedelta(days=31)):
        working = asyncio.create_task(worker(scene.register.rig.parts))  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(10):
            while await kinds(scene) != ["raised", "escalated"]:
                await asyncio.sleep(0.05)
    finally:
        working.cancel()


async def test_a_minor_reply_is_recorded_and_not_announced(scene: Scene) -> None:
    challenge = await scene.challenged()
    await scene.reply(challenge, "comment", scene.asker, text="A typing error, sorry.", minor=True)
    assert (await scene.said())[-1].announcement is None
    assert len(await scene.thread(challenge)) == 2


@BOTH
async def test_of_two_who_write_at_once_the_second_is_told(scene: Scene) -> None:
    challenge = await scene.challenged()
    path, body = f"/challenges/{challenge['id']}/replies", {"kind": "answer", "text": "No porters."}
    answers = await asyncio.gather(
        *(scene.register.ask("POST", path, body, by=scene.answerer, if_match='"1"') for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412]
    assert [post["number"] for post in await scene.thread(challenge)] == [1, 2]
