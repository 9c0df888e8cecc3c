"""What becomes of a line of a feed: taken note of, given to somebody, commented; each body for itself."""

from __future__ import annotations

from typing import Any

from shared.auth import Principal
from shared.envelope import decode
from shared.log import Record
from tests.oversight.conftest import MEMBER, OFFICER, STAFF, Rig, eventually, person, thing

OTHER = Principal("officer-2", bodies=frozenset({"Q31"}))
ELSEWHERE = Principal("officer-3", bodies=frozenset({"Q32"}))


async def line(rig: Rig, **told: Any) -> str:
    """A line of the feed of Q31; its address."""
    (message_id,) = await rig.say(thing(**told))
    return f"/oversight/Q31/feed/{message_id}"


async def did(rig: Rig, path: str, body: Any, by: Principal = OFFICER) -> Any:
    answer = await rig.post(path, body, by)
    assert answer.is_success, answer.text
    return answer.json()


async def messages(rig: Rig) -> list[Any]:
    """What was said of follow-ups."""
    subscription = await rig.log.subscribe(group="reader", topics=["oversight.follow-ups"])
    found: list[Record] = []

    async def arrived() -> bool:
        found.extend(await subscription.fetch(limit=50, timeout=0.2))
        return bool(found)

    await eventually(arrived, "something is said")
    await subscription.close()
    return [decode(r.topic, r.key, r.headers, r.value) for r in found]


async def test_line_is_noted_by_one_officer_and_no_longer_open_for_the_others(rig: Rig) -> None:
    await rig.say(person("officer-1", "Ann Ember"))
    there, other = await line(rig), await line(rig, headline="Another thing")
    noted = await did(rig, f"{there}/acknowledge", {})
    assert noted["acknowledged_by_name"] == "Ann Ember" and noted["acknowledged_at"]
    open_ = (await rig.get("/oversight/Q31/feed", OTHER, open="true")).json()
    assert [item["headline"] for item in open_["items"]] == ["Another thing"]
    assert (await did(rig, f"{there}/acknowledge", {"acknowledged": False}))["acknowledged_by"] == ""
    assert (await rig.get("/oversight/Q31/feed", OTHER, open="true")).json()["total"] == 2
    assert (await rig.get(other, OFFICER)).json()["acknowledged_by"] == ""


async def test_line_given_to_a_colleague_is_theirs_and_they_are_told(rig: Rig) -> None:
    there = await line(rig)
    position = (await rig.get("/oversight/Q31/feed", OTHER)).json()["position"]
    assert (await rig.post(f"{there}/assign", {"person_id": "officer-2"}, OFFICER)).status_code == 409
    await did(rig, "/oversight/Q31/feed/seen", {"up_to": position}, OTHER)
    await rig.say(person("officer-2", "Ben Flint"))
    given = await did(rig, f"{there}/assign", {"person_id": "officer-2"})
    assert given["assigned_to_name"] == "Ben Flint"
    assert (await rig.get("/oversight/Q31/feed", OTHER, mine="true")).json()["total"] == 1
    assert (await rig.get("/oversight/Q31/feed", OFFICER, mine="true")).json()["total"] == 0
    (message,) = await messages(rig)
    assert message.announcement.concerns.people == ("officer-2",)
    assert message.announcement.headline == "{person:officer-1} gave you to follow up: A thing happened"
    assert message.state["assigned_to"] == "officer-2"


async def test_comments_stand_in_their_order_with_the_names_of_today(rig: Rig) -> None:
    there = await line(rig)
    await rig.say(person("officer-1", "Ann Ember"))
    await did(rig, f"{there}/comments", {"text": "Who looks into it?"})
    assert (await did(rig, f"{there}/comments", {"text": "I do."}, OTHER))["comments"] == 2
    found = (await rig.get(f"{there}/comments", OFFICER)).json()["items"]
    assert [(one["by_name"], one["text"]) for one in found] == [
        ("Ann Ember", "Who looks into it?"), ("A former member", "I do."),
    ]  # fmt: skip
    assert (await rig.post(f"{there}/comments", {"text": " "}, OFFICER)).status_code == 422


async def test_what_one_body_notes_is_open_for_another(rig: Rig) -> None:
    there = await line(rig, bodies=("Q31", "Q32"))
    await did(rig, f"{there}/acknowledge", {})
    assert (await rig.get("/oversight/Q32/feed", ELSEWHERE, open="true")).json()["total"] == 1
    assert (await rig.get("/oversight/Q32/feed", ELSEWHERE)).json()["items"][0]["acknowledged_by"] == ""


async def test_only_those_who_oversee_the_area_follow_its_lines_up(rig: Rig) -> None:
    there = await line(rig)
    for by in (MEMBER, ELSEWHERE):
        for what, body in (("acknowledge", {}), ("assign", {"person_id": ""}), ("comments", {"text": "No."})):
            assert (await rig.post(f"{there}/{what}", body, by)).status_code == 403
        assert (await rig.get(f"{there}/comments", by)).status_code == 403
    assert (await rig.get(there.replace("Q31", "Q32"), STAFF)).status_code == 404
