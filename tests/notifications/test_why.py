"""Why did I get this? The rule in plain words, the way with its times, and one click for less."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notifications.passes import PASS_DAYS, Passes
from shared import clock
from tests.notifications.conftest import Town


async def member(town: Town, person: str = "ann", network: str = "stroke") -> str:
    await town.network(network, f"{network.title()} network")
    return await town.role(await town.person(person), network)


async def why(town: Town, message_id: str, person: str = "ann") -> dict[str, Any]:
    found: dict[str, Any] = await town.get(f"/alerts/{message_id}/why", person)
    return found


async def test_it_says_the_rule_and_whose_choice_it_was(town: Town) -> None:
    await member(town)
    message_id = await town.tell("News", networks=["stroke"])
    suggested = await why(town, message_id)
    await town.post("/preferences", "ann", "PATCH", kinds={"news": "weekly"})
    general = await why(town, message_id)
    await town.post("/preferences", "ann", "PATCH", networks={"stroke": {"news": "daily"}})
    own = await why(town, message_id)
    await town.post("/networks/stroke/mute", "ann")
    muted = await why(town, message_id)

    because = "because you are a member of Stroke network."
    assert suggested["rule"] == f"You are told of this live {because} That is what is suggested for news; you chose " \
        "nothing else."  # fmt: skip
    assert general["rule"] == f"You get this once a week {because} You chose that for news of all your networks."
    assert own["rule"] == f"You get this in your daily mail {because} You chose that for news of Stroke network."
    assert muted["rule"] == f"You are not told of this {because} You muted Stroke network."
    assert [found["chosen"] for found in (suggested, general, own, muted)] == [
        "suggested", "general", "network", "mute"
    ]  # fmt: skip


async def test_several_ways_are_named_and_one_decides(town: Town) -> None:
    await member(town)
    await town.network("renal", "Renal network")
    await town.role("ann", "renal", "lead_manager")
    message_id = await town.tell("Of both", networks=["stroke", "renal"], category="resources", everyone=True)
    found = await why(town, message_id)

    assert [(r["route"], r["channel"], r["decides"]) for r in found["routes"]] == [
        ("role", "live", True), ("everyone", "live", False), ("member", "weekly", False)
    ]  # fmt: skip
    assert found["rule"].startswith("You are told of this live because you hold a role in Renal network.")
    assert (await town.get("/alerts", "ann"))["items"][0]["why"]["route"] == "role"


async def test_the_time_line_is_in_order(town: Town) -> None:
    await member(town)
    message_id = await town.tell("News", networks=["stroke"])
    stages = (await why(town, message_id))["stages"]

    assert [stage["stage"] for stage in stages] == ["changed", "logged", "matched", "delivered"]
    assert stages[-1]["how"] == "page" and all(stage["at"] for stage in stages)
    assert stages[0]["at"] <= stages[2]["at"]


async def test_what_was_not_meant_for_somebody_is_not_explained_to_them(town: Town) -> None:
    await member(town)
    await town.person("ben")
    message_id = await town.tell("News", networks=["stroke"])
    for person, wanted in (("ben", message_id), ("ann", "no-such-message")):
        answer = await town.client.get(f"/alerts/{wanted}/why", headers=town.as_(person))
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("what", "left"),
    [("mute", ["Renal news"]), ("kind", ["Renal news", "A date"]), ("weekly", ["Renal news", "A date"])],
)  # fmt: skip
async def test_one_click_gives_less_from_the_next_message_on(town: Town, what: str, left: list[str]) -> None:
    await member(town)
    await member(town, network="renal")
    message_id = await town.tell("First", networks=["stroke"])
    await town.post(f"/alerts/{message_id}/less", "ann", what=what)
    await town.tell("Stroke news", networks=["stroke"])
    await town.tell("A date", networks=["stroke"], category="events")
    await town.tell("Renal news", networks=["renal"])

    live = [item for item in (await town.get("/alerts", "ann"))["items"] if item["channel"] == "live"]
    assert [item["headline"] for item in live] == left
    assert (await why(town, message_id))["channel"] == ("weekly" if what == "weekly" else "off")


async def test_the_link_in_a_mail_opens_one_person_s_preferences_and_nothing_else(town: Town) -> None:
    await member(town)
    await member(town, "ben")
    made = Passes(town.parts.settings).made("ann")
    there = f"/preferences/pass/{made}"
    message_id = await town.tell("News", networks=["stroke"])
    shown = (await town.client.get(there)).json()
    changed = await town.client.patch(there, json={"kinds": {"news": "daily"}})
    explained = await town.client.get(f"{there}/why/{message_id}")
    await town.client.post(f"{there}/why/{message_id}/less", json={"what": "mute"})

    assert shown["networks"][0]["name"] == "Stroke network" and "email" not in shown
    assert changed.json()["kinds"]["news"] == "daily" and explained.json()["channel"] == "daily"
    assert (await town.get("/preferences", "ann"))["muted"] == ["stroke"]
    ben = await town.get("/preferences", "ben")
    assert (ben["muted"], ben["kinds"]["news"]) == ([], None)
    for path in ("/alerts", "/preferences"):
        refused = await town.client.get(path, headers={"authorization": f"Bearer {made}"})
        assert refused.status_code == 401


async def test_a_link_that_was_made_up_is_none_and_an_old_one_has_ended(town: Town) -> None:
    await member(town)
    made = Passes(town.parts.settings).made("ann")
    for wrong in (made.replace("ann", "ben"), made[:-1] + "x", "ann", "ann.20990101.x", "é"):
        answer = await town.client.get(f"/preferences/pass/{wrong}")
        assert answer.status_code == 404, wrong
    with clock.at(clock.now() - timedelta(days=PASS_DAYS + 1)):
        old = Passes(town.parts.settings).made("ann")
    ended = await town.client.get(f"/preferences/pass/{old}")
    assert ended.status_code == 410 and "sign in" in ended.json()["detail"]
    await town.erased("ann")
    assert (await town.client.get(f"/preferences/pass/{made}")).status_code == 404


async def test_the_centre_says_in_sentences_what_the_reader_will_get(town: Town) -> None:
    await member(town)
    await member(town, network="renal")
    await town.post(
        "/preferences", "ann", "PATCH", networks={"renal": {"news": "daily"}}, daily_at="18:30", newsletter=True,
        quiet={"begins": "22:00", "ends": "07:00"},
    )  # fmt: skip
    said = (await town.get("/preferences", "ann"))["sentence"]
    await town.post("/networks/renal/mute", "ann")
    muted = (await town.get("/preferences", "ann"))["sentence"]

    usual, other = ("Renal", "Stroke") if "Of Stroke network, though" in said else ("Stroke", "Renal")
    assert said.startswith("Of your 2 networks you get governance, events") and usual not in said
    assert f"Of {other} network, though, news" in said
    assert "The daily mail comes at 18:30. The newsletter comes once a week." in said
    assert "From 22:00 to 07:00 (Europe/London) nothing is sent; what came is in one summary at 07:00." in said
    assert muted.startswith("Of Stroke network you get") and "You muted Renal network." in muted
