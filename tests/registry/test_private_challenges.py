"""Private stays private: who sees a private challenge, what is recorded of it, and who is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from shared.auth import ANYBODY
from shared.history import history
from tests.days import today
from tests.registry.challenging import ELSEWHERE, OFFICER, SUBJECT, TEXT, Scene, both_sides, turn
from tests.registry.conftest import BOTH, Register
from tests.service_rig import STAFF


@pytest.fixture
async def scene(register: Register) -> Scene:
    """The two networks and their people."""
    return await both_sides(register)


@pytest.fixture
async def secret(scene: Scene) -> Any:
    """A private challenge with a thread, reminded and overdue; somebody has joined the provider meanwhile."""
    await scene.register.person("Mo", member=scene.providers)
    challenge = await scene.challenged(visibility="private", reason="Because of the Hartley case")
    await scene.reply(challenge, "comment", scene.answerer, text="The Hartley letter is attached.", reason="Hartley")
    await turn(scene.register, today() + timedelta(days=23))
    await turn(scene.register, today() + timedelta(days=31))
    return challenge


async def test_a_private_thread_is_shown_to_its_networks_their_bodies_and_staff(scene: Scene, secret: Any) -> None:
    for by in (scene.asker, scene.answerer, scene.patient, OFFICER, STAFF):
        thread = await scene.thread(secret, by)
        assert thread[0]["text"] == TEXT and thread[1]["reason"] == "Hartley"
        assert (await scene.register.get("/challenges", by=by))["total"] == 1


@BOTH
async def test_a_private_thread_is_nowhere_for_anybody_else(scene: Scene) -> None:
    register, secret = scene.register, await scene.challenged(visibility="private")
    member = await register.person("Mo", member=scene.providers)
    for by in (member, scene.stranger, ELSEWHERE, ANYBODY):
        for path in (f"/challenges/{secret['id']}", f"/challenges/{secret['id']}/replies"):
            answer = await register.ask("GET", path, by=by)
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-challenge")
        lists = (
            "/challenges",
            f"/networks/{scene.providers}/challenges",
            f"/networks/{scene.commissioners}/challenges",
        )
        for path in lists:
            assert (await register.get(path, by=by)) == {"items": [], "next": None, "total": 0}
    for by in (member, scene.stranger, ELSEWHERE):
        hidden = await scene.reply(secret, "comment", by, text="Mine")
        missing = await scene.reply({"id": "no-such-thing"}, "comment", by, text="Mine")
        assert hidden.status_code == missing.status_code == 404
        assert hidden.json()["detail"] == missing.json()["detail"]


async def test_nothing_that_is_said_or_recorded_of_a_private_challenge_gives_it_away(scene: Scene, secret: Any) -> None:
    words = (SUBJECT, "needle", "41 %", "Hartley", "Only **")
    for message in await scene.said():
        assert message.announcement is not None
        assert not any(word in str(message.data) for word in words)
        assert message.announcement.category == "discussion"
        assert not any(audience.startswith("network:") for audience in message.announcement.concerns.audiences())
    async with scene.register.database.reading() as session:
        entries = (await session.execute(select(history).where(history.c.key == secret["id"]))).mappings().all()
    assert len(entries) == 4 and not any(word in str(dict(entry)) for entry in entries for word in words)
    for network in (scene.providers, scene.commissioners):
        assert secret["id"] not in str(await scene.register.get(f"/networks/{network}/history", by=ANYBODY))


async def test_those_with_a_role_and_the_bodies_alone_are_told_of_a_private_challenge(
    scene: Scene, secret: Any
) -> None:
    raised, commented, reminded, escalated = [message.announcement for message in await scene.said()]
    with_a_role = {f"person:{p.person_id}" for p in (scene.asker, scene.answerer, scene.patient)}
    assert set(raised.concerns.audiences()) == with_a_role | {"body:Q31"}  # type: ignore[union-attr]
    assert set(commented.concerns.audiences()) == with_a_role  # type: ignore[union-attr]
    assert reminded.concerns.audiences() == [f"person:{scene.answerer.person_id}"]  # type: ignore[union-attr]
    assert set(escalated.concerns.audiences()) == with_a_role | {"body:Q31"}  # type: ignore[union-attr]
    assert raised.headline.startswith("North West Commissioners raised a private challenge with Mersey")  # type: ignore[union-attr]
    assert escalated.significance == "major"  # type: ignore[union-attr]
