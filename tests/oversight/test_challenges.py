"""How many challenges wait for an answer: a count for each body, and nothing of what they say."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import inspect

from services.oversight.tables import Challenge
from shared import clock
from tests.oversight.conftest import OFFICER, Rig, challenge, network


async def test_the_challenges_that_wait_are_counted_for_the_bodies_of_those_who_must_answer(rig: Rig) -> None:
    await rig.say(network("n-1"), network("n-2", bodies=["Q31", "Q33"]), network("n-3", bodies=["Q33"]))
    await rig.say(
        challenge("c-1", "n-1"), challenge("c-2", "n-2", answer_by="2010-07-01"), challenge("c-3", "n-3"),
        challenge("c-4", "n-1", status="answered"), challenge("c-5", "nobody knows"),
    )  # fmt: skip
    with clock.at(datetime(2010, 6, 1, tzinfo=UTC)):
        assert (await rig.get("/oversight/Q31", OFFICER)).json()["challenges"] == {"unanswered": 2, "overdue": 1}
        country = (await rig.get("/oversight")).json()
    assert country["challenges"] == {"unanswered": 4, "overdue": 3}
    assert {item["body"]["code"]: item["unanswered"] for item in country["items"] if item["unanswered"]} == {
        "Q31": 2, "Q33": 2
    }  # fmt: skip


async def test_an_older_message_changes_nothing_and_an_answer_is_counted_off(rig: Rig) -> None:
    await rig.say(network("n-1"), challenge("c-1", "n-1", revision=3, status="answered"), challenge("c-1", "n-1"))
    assert (await rig.get("/oversight/Q31")).json()["challenges"]["unanswered"] == 0


def test_nothing_but_what_is_counted_is_kept() -> None:
    assert {column.key for column in inspect(Challenge).columns} == {
        "id",
        "revision",
        "provider",
        "status",
        "answer_by",
    }
