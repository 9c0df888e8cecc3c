"""The newsletter drafts itself, differs from reader to reader, and says nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from services.notifications.choice import LONGEST, Choice
from services.notifications.tables import deliveries, issues
from shared import clock
from shared.config import Settings
from tests.notifications.conftest import STAFF, NoMail, Town, own_database, town_of


async def the_draft(town: Town) -> dict[str, Any]:
    [summary] = (await town.get("/newsletter/issues", status="draft"))["items"]
    issue: dict[str, Any] = await town.get(f"/newsletter/issues/{summary['id']}")
    return issue


def headlines(issue: dict[str, Any]) -> list[str]:
    return [item["headline"] for item in issue["items"]]


async def test_change_becomes_an_item_of_the_draft_by_itself(town: Town) -> None:
    await town.network("stroke", "Stroke Network")
    message_id = await town.tell("Aims changed", networks=["stroke"], category="governance")

    issue = await the_draft(town)

    [item] = issue["items"]
    assert (item["headline"], item["network_name"], item["care_group"]) == ("Aims changed", "Stroke Network", "stroke")
    effects = (await town.get(f"/trace/{message_id}"))["effects"]
    assert {e["what"] for e in effects if e["kind"] == "newsletter"} == {f"Newsletter {issue['number']}"}


async def test_same_news_is_said_once_and_the_last_word_counts(town: Town) -> None:
    for _ in range(3):
        await town.tell("Stroke: aims changed", networks=["stroke"], path="/networks/stroke")
    await town.tell("Study day on 5 December", networks=["stroke"], category="events", path="/events/e1")
    await town.tell("Study day is cancelled", networks=["stroke"], category="events", path="/events/e1")

    assert headlines(await the_draft(town)) == ["Study day is cancelled", "Stroke: aims changed"]


async def test_minor_personal_and_old_changes_are_no_news(town: Town) -> None:
    await town.tell("Minor", networks=["stroke"], significance="minor")
    await town.tell("Your place is booked", people=["ann"])
    await town.tell("For staff", staff=True)
    await town.tell("Last month", networks=["stroke"], time=clock.now() - timedelta(days=30))
    await town.tell("News", networks=["stroke"])

    assert headlines(await the_draft(town)) == ["News"]


async def test_each_reader_gets_their_own_networks_first_and_then_the_nation(town: Town) -> None:
    for network, person in (("stroke", "ann"), ("renal", "ben")):
        await town.network(network, care_group=network)
        await town.role(await town.person(person), network)
    await town.tell("Stroke news", networks=["stroke"])
    await town.tell("Renal news", networks=["renal"])
    await town.tell("Members of renal talk", networks=["renal"], category="discussion")
    await town.tell("Big news", networks=["other"], significance="major")
    issue_id = (await the_draft(town))["id"]

    ann, ben = [await town.get(f"/newsletter/issues/{issue_id}", reader=person) for person in ("ann", "ben")]

    assert headlines(ann) == ["Stroke news", "Big news", "Renal news"]
    assert headlines(ben) == ["Members of renal talk", "Renal news", "Big news", "Stroke news"]
    assert ann["items"][0]["why"] == "because you are a member of Stroke"


async def test_staff_reorder_write_pin_and_drop(town: Town) -> None:
    for word in ("One", "Two", "Three", "Four"):
        await town.tell(word, networks=["stroke"])
    issue = await the_draft(town)
    ids = {item["headline"]: item["id"] for item in issue["items"]}
    changes = [
        {"id": ids["One"], "position": 0}, {"id": ids["Two"], "position": 1, "text": "More on two"},
        {"id": ids["Three"], "pinned": True}, {"id": ids["Four"], "dropped": True},
    ]  # fmt: skip
    edited = await town.post(f"/newsletter/issues/{issue['id']}", method="PATCH", title="Ours", items=changes)

    assert headlines(edited)[:3] == ["Three", "One", "Two"] and edited["title"] == "Ours"
    assert edited["items"][2]["text"] == "More on two"
    assert headlines(await town.get(f"/newsletter/issues/{issue['id']}", reader="ann")) == ["Three", "One", "Two"]


async def test_editor_who_read_an_older_version_is_told_so(town: Town) -> None:
    await town.tell("News", networks=["stroke"])
    issue = await the_draft(town)
    await town.post(f"/newsletter/issues/{issue['id']}", method="PATCH", title="First")
    stale = {**town.as_(STAFF), "if-match": f'"{issue["revision"]}"'}

    answer = await town.client.patch(f"/newsletter/issues/{issue['id']}", headers=stale, json={"title": "Second"})

    assert answer.status_code == 412 and answer.json()["present"] == issue["revision"] + 1


async def test_what_happens_after_approval_goes_into_the_next_issue(town: Town) -> None:
    await town.tell("Before", networks=["stroke"])
    first = await the_draft(town)
    approved = await town.post(f"/newsletter/issues/{first['id']}/approve")
    await town.tell("After", networks=["stroke"])
    second = await the_draft(town)

    assert (approved["status"], approved["approved_by"]) == ("approved", "staff-1")
    assert headlines(await town.get(f"/newsletter/issues/{first['id']}")) == ["Before"]
    assert (headlines(second), second["number"]) == (["After"], first["number"] + 1)


async def test_draft_asked_for_holds_what_the_week_brought_and_no_issue_before(town: Town) -> None:
    await town.tell("In the first", networks=["stroke"])
    await town.post(f"/newsletter/issues/{(await the_draft(town))['id']}/approve")

    again = await town.post("/newsletter/issues")

    assert headlines(again) == [] and again["status"] == "draft"


async def test_issue_without_readers_is_not_sent_and_an_unapproved_one_neither(town: Town) -> None:
    await town.tell("News", networks=["stroke"])
    there = f"/newsletter/issues/{(await the_draft(town))['id']}"
    early = await town.client.post(f"{there}/send", headers=town.as_(STAFF), json={})
    await town.post(f"{there}/approve")
    nobody = await town.client.post(f"{there}/send", headers=town.as_(STAFF), json={})

    assert (early.status_code, nobody.status_code) == (409, 409)
    assert "still a draft" in early.json()["detail"] and "Nobody has subscribed" in nobody.json()["detail"]


async def test_progress_counts_the_copies_and_says_the_rate_and_the_time_left(settings: Settings) -> None:
    async with own_database(settings) as mine, town_of(settings, replace(mine, workers=[]), NoMail()) as town:
        for number in range(40):
            await town.post("/preferences", await town.person(f"reader-{number}"), "PATCH", newsletter=True)
        await town.tell("News", networks=["stroke"])
        there = f"/newsletter/issues/{(await the_draft(town))['id']}"
        for step in ("approve", "send"):
            await town.post(f"{there}/{step}")
        assert (await town.get(f"{there}/progress"))["seconds_left"] is None
        await _half_went(town, there.rpartition("/")[2])
        progress = await town.get(f"{there}/progress")
    assert (progress["total"], progress["sent"], progress["waiting"], progress["repeated"]) == (40, 20, 20, [])
    assert progress["rate"] == 2.0 and progress["seconds_left"] == 10.0


async def _half_went(town: Town, issue_id: str) -> None:
    """As it stands when twenty of forty copies went, all in the last seconds, and it was pressed long before."""
    moment, d = clock.now(), deliveries.c
    async with town.parts.database.transaction() as session:
        half = select(d.number).where(d.thing == issue_id).limit(20)
        await session.execute(update(deliveries).where(d.number.in_(half)).values(state="sent", sent_at=moment))
        pressed = {"pressed_at": moment - timedelta(minutes=1)}
        await session.execute(update(issues).where(issues.c.id == issue_id).values(pressed))


def test_copy_is_never_longer_than_a_reader_can_take() -> None:
    def item(number: int, audience: str) -> dict[str, Any]:
        return {
            "network_id": audience, "audiences": f"network:{audience}", "pinned": number == 0, "category": "news",
            "significance": "normal", "care_group": "stroke",
        }  # fmt: skip

    choice = Choice([item(n, "a" if n % 2 else "b") for n in range(60)])
    mine, muted = choice.copy_for(["network:a"]), choice.copy_for(["network:a"], muted={"a"})

    assert mine.first == [0] and mine.near[0] == 1 and len(mine.first + mine.near + mine.rest) == LONGEST
    assert muted.near == [] and all(n % 2 == 0 for n in muted.rest)
