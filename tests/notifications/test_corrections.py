"""What an issue said and turned out otherwise is told to those who read it, and to nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.config import Settings
from shared.mailer.mailbox import LocalMailbox
from tests.notifications.conftest import STAFF, Town, eventually, own_database, town_of
from tests.notifications.test_mail import all_sent, pressed


@pytest.fixture
async def posting(settings: Settings) -> AsyncIterator[Town]:
    """A town whose mail goes to the local mailbox."""
    mailbox = LocalMailbox(settings.data / "mailbox.db")
    async with own_database(settings) as mine, town_of(settings, mine, mailbox) as running_town:
        yield running_town


async def issue_with(town: Town, event: str) -> tuple[str, str]:
    """An issue that went out, in which only Ann was told of *event*, because Ben's copy was full without it."""
    for person, network in (("ann", "stroke"), ("ben", "renal")):
        await town.network(network, care_group=network)
        await town.role(await town.person(person), network)
        await town.post("/preferences", person, "PATCH", newsletter=True)
    for number in range(12):
        await town.tell(f"Renal {number}", networks=["renal"])
    await town.tell(event, networks=["stroke"], category="events", path="/events/e1")
    there = await pressed(town)
    await all_sent(town, there)
    items = (await town.get(there))["items"]
    return there, next(item["id"] for item in items if item["headline"] == event)


async def corrections(town: Town, count: int) -> dict[str, Any]:
    """Recipient → the correction that came, once there are *count*."""

    async def arrived() -> bool:
        return bool((await town.get("/mailbox", q="Correction:"))["total"] == count)

    await eventually(arrived)
    found = (await town.get("/mailbox", q="Correction:"))["items"]
    return {mail["recipient"]: await town.get(f"/mailbox/{mail['message_id']}") for mail in found}


async def test_only_those_who_were_told_are_told_of_the_correction(posting: Town) -> None:
    there, item = await issue_with(posting, "Study day on 5 December")
    answer = await posting.post(f"{there}/items/{item}/correct", text="It is on 6 December.")
    found = await corrections(posting, 1)

    assert answer == {"readers": 1, "to_come": 0} and list(found) == ["ann@people.example"]
    mail = found["ann@people.example"]
    assert "Study day on 5 December" in mail["text"] and "It is on 6 December." in mail["html"]
    first = (await posting.get("/mailbox", recipient="ann@people.example"))["items"][-1]
    assert mail["headers"]["In-Reply-To"] == f"<{first['message_id']}>"
    [shown] = [i for i in (await posting.client.get("/newsletter/archive/1")).json()["items"] if i["id"] == item]
    assert [(c["text"], c["readers"]) for c in shown["corrections"]] == [("It is on 6 December.", 1)]


async def test_gathering_that_is_called_off_corrects_by_itself_once(posting: Town) -> None:
    there, _ = await issue_with(posting, "Study day on 5 December")
    for significance in ("normal", "major"):
        await posting.tell(
            "Study day is cancelled", networks=["stroke"], category="events", path="/events/e1",
            significance=significance,
        )  # fmt: skip
    found = await corrections(posting, 1)
    assert list(found) == ["ann@people.example"] and "Study day is cancelled" in found["ann@people.example"]["text"]
    assert (await posting.get(there))["status"] == "sent"


async def test_draft_is_changed_not_corrected_and_strangers_may_not(posting: Town) -> None:
    await posting.tell("News", networks=["stroke"])
    [issue] = (await posting.get("/newsletter/issues", status="draft"))["items"]
    there = f"/newsletter/issues/{issue['id']}"
    [item] = (await posting.get(there))["items"]
    for by, status in ((STAFF, 409), ("ann", 403)):
        path = f"{there}/items/{item['id']}/correct"
        answer = await posting.client.post(path, headers=posting.as_(by), json={"text": "Right"})
        assert answer.status_code == status


async def test_edition_of_a_network_holds_what_concerns_it(posting: Town) -> None:
    await issue_with(posting, "Study day on 5 December")
    answer = await posting.client.get("/newsletter/archive/1", params={"network": "stroke"})
    assert [item["headline"] for item in answer.json()["items"]] == ["Study day on 5 December"]


async def test_change_that_is_not_major_is_offered_and_one_press_tells_it(posting: Town) -> None:
    there, item = await issue_with(posting, "Study day on 5 December")
    moved = await posting.tell(
        "Study day moved to 6 December", networks=["stroke"], category="events", path="/events/e1"
    )
    [offer] = [i["offer"] for i in (await posting.get(there))["items"] if i["offer"]]
    assert (offer["message_id"], offer["text"]) == (moved, "Study day moved to 6 December")

    await posting.post(f"{there}/items/{item}/correct", text=offer["text"], message_id=moved)
    assert list(await corrections(posting, 1)) == ["ann@people.example"]
    assert [i["offer"] for i in (await posting.get(there))["items"] if i["offer"]] == []


async def test_change_updates_an_issue_that_is_approved_and_has_not_gone(posting: Town) -> None:
    await posting.network("stroke")
    await posting.tell("Study day on 5 December", networks=["stroke"], category="events", path="/events/e1")
    [issue] = (await posting.get("/newsletter/issues", status="draft"))["items"]
    there = f"/newsletter/issues/{issue['id']}"
    await posting.post(f"{there}/approve")
    await posting.tell("Study day moved to 6 December", networks=["stroke"], category="events", path="/events/e1")
    assert [item["headline"] for item in (await posting.get(there))["items"]] == ["Study day moved to 6 December"]
    assert (await posting.get(there))["status"] == "approved"
