"""The desk: staff write and order without losing one another's work; a second person approves; it goes on time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.notifications.commands.issues import send_issue
from shared import clock
from shared.auth import Principal
from shared.config import Settings
from shared.mailer.mailbox import LocalMailbox
from tests.notifications.conftest import STAFF, Town, eventually, own_database, town_of

ANN, BEN = Principal("ann", is_staff=True), Principal("ben", is_staff=True)


@pytest.fixture
async def posting(settings: Settings) -> AsyncIterator[Town]:
    """A town whose mail goes to the local mailbox."""
    mailbox = LocalMailbox(settings.data / "mailbox.db")
    async with own_database(settings) as mine, town_of(settings, mine, mailbox) as running_town:
        yield running_town


async def desk(town: Town, *headlines: str, group: str = "stroke") -> tuple[str, dict[str, str]]:
    """The path of a draft with these items, and their ids."""
    await town.network(group, care_group=group)
    for headline in headlines:
        await town.tell(headline, networks=[group])
    [issue] = (await town.get("/newsletter/issues", status="draft"))["items"]
    there = f"/newsletter/issues/{issue['id']}"
    return there, {item["headline"]: item["id"] for item in (await town.get(there))["items"]}


async def headlines(town: Town, there: str) -> list[str]:
    return [item["headline"] for item in (await town.get(there))["items"]]


async def patch(town: Town, path: str, by: Principal, version: int | None = None, **body: Any) -> httpx.Response:
    headers = town.as_(by) | ({} if version is None else {"if-match": f'"{version}"'})
    return await town.client.patch(path, headers=headers, json=body)


async def test_words_that_somebody_else_wrote_since_are_never_overwritten(town: Town) -> None:
    there, ids = await desk(town, "News")
    item = f"{there}/items/{ids['News']}"
    first = await patch(town, item, ANN, 0, text="Ann's words")
    second = await patch(town, item, BEN, 0, text="Ben's words")

    assert first.json()["version"] == 1 and first.json()["edited_by"] == "ann"
    assert second.status_code == 412 and second.json()["present"] == {"version": 1, "by": "ann"}
    assert (await town.get(item))["text"] == "Ann's words"
    assert (await patch(town, item, BEN, 1, text="Ann's and Ben's words")).json()["version"] == 2


async def test_two_people_who_edit_different_items_lose_nothing(town: Town) -> None:
    there, ids = await desk(town, "One", "Two")
    await patch(town, f"{there}/items/{ids['One']}", ANN, 0, headline="Ann's headline")
    await patch(town, f"{there}/items/{ids['Two']}", BEN, 0, text="Ben's words")
    await patch(town, there, ANN, title="Ann's title", words_version=0)
    late = await patch(town, there, BEN, intro="Ben's introduction", words_version=0)

    issue = await town.get(there)
    found = {item["said"]: (item["headline"], item["text"]) for item in issue["items"]}
    assert found == {"One": ("Ann's headline", ""), "Two": ("Two", "Ben's words")}
    assert late.status_code == 412 and late.json()["present"]["title"] == issue["title"] == "Ann's title"


async def test_same_words_twice_are_no_conflict_and_a_pin_never_is(town: Town) -> None:
    there, ids = await desk(town, "News")
    item = f"{there}/items/{ids['News']}"
    for by in (ANN, BEN):
        assert (await patch(town, item, by, 0, text="The same")).status_code == 200
    assert (await patch(town, item, BEN, 0, pinned=True)).json()["pinned"] is True


async def test_headline_rewritten_by_staff_stays_and_a_later_change_is_shown(town: Town) -> None:
    await town.tell("Study day on 5 December", networks=["stroke"], category="events", path="/events/e1")
    there, ids = await desk(town)
    item = f"{there}/items/{ids['Study day on 5 December']}"
    await patch(town, item, ANN, 0, headline="Come to the study day")
    await town.tell("Study day is cancelled", networks=["stroke"], category="events", path="/events/e1")

    found = await town.get(item)
    assert (found["headline"], found["said"]) == ("Come to the study day", "Study day is cancelled")
    assert found["changed_since"] is True
    assert (await patch(town, item, ANN, headline="")).json()["headline"] == "Study day is cancelled"


async def test_items_move_within_their_group_and_groups_as_a_whole(town: Town) -> None:
    there, _ = await desk(town, "S1", "S2", "S3")
    _, ids = await desk(town, "R1", "R2", group="renal")
    assert await headlines(town, there) == ["R2", "R1", "S3", "S2", "S1"]

    await town.post(f"{there}/items/{ids['S1']}/move", to="up")
    await town.post(f"{there}/items/{ids['R2']}/move", to="last")
    await town.post(f"{there}/items/{ids['R2']}/move", to="down")
    assert await headlines(town, there) == ["R1", "R2", "S3", "S1", "S2"]
    await town.post(f"{there}/groups/move", care_group="stroke", to="first")
    assert await headlines(town, there) == ["S3", "S1", "S2", "R1", "R2"]


async def test_own_words_become_an_item_that_every_reader_gets(town: Town) -> None:
    there, _ = await desk(town, "News")
    own = {"headline": "From the team", "text": "Thank you."}
    answers = [
        await town.client.post(f"{there}/items", headers=town.as_(STAFF), json={**own, "path": path})
        for path in ("https://elsewhere.example/a", "javascript:alert(1)")
    ]

    preview = await town.get(f"{there}/preview")
    assert 'href="https://elsewhere.example/a"' in preview["html"] and "Thank you." in preview["text"]
    assert [answer.status_code for answer in answers] == [201, 422]


async def test_preview_is_the_mail_that_the_reader_would_get(town: Town) -> None:
    there, _ = await desk(town, "Stroke news")
    await town.role(await town.person("ann", name="Ann Åsh"), "stroke")

    preview = await town.get(f"{there}/preview", reader="ann")
    assert "Dear Ann Åsh," in preview["text"] and "FROM YOUR NETWORKS" in preview["text"].replace("\r\n", "\n")
    assert preview["items"][0]["why"] == "because you are a member of Stroke"
    assert "unsubscribe/newsletter.preview." in preview["html"] and "newsletter.ann." not in preview["html"]
    nobody = await town.client.get(f"{there}/preview", headers=town.as_(STAFF), params={"reader": "who"})
    assert nobody.status_code == 404


async def test_test_copy_goes_to_whoever_asked_and_to_nobody_else(posting: Town) -> None:
    there, _ = await desk(posting, "Stroke news")
    await posting.person("staff-1", name="Staff One")
    await posting.role(await posting.person("ann"), "stroke")
    for _ in range(2):
        await posting.post(f"{there}/test", reader="ann")

    async def arrived() -> bool:
        return bool((await posting.get("/mailbox"))["total"] == 2)

    await eventually(arrived)
    mails = (await posting.get("/mailbox"))["items"]
    assert {mail["recipient"] for mail in mails} == {"staff-1@people.example"}
    read = await posting.get(f"/mailbox/{mails[0]['message_id']}")
    assert read["subject"].startswith("Test: ") and "FROM YOUR NETWORKS" in read["text"].replace("\r\n", "\n")
    assert (await posting.get(there))["status"] == "draft"


async def test_whoever_changed_it_last_does_not_approve_it(town: Town) -> None:
    there, ids = await desk(town, "News")
    await patch(town, f"{there}/items/{ids['News']}", ANN, text="Words")
    own = await town.client.post(f"{there}/approve", headers=town.as_(ANN), json={})
    other = await town.client.post(f"{there}/approve", headers=town.as_(BEN), json={})

    assert own.status_code == 409 and "somebody else has to approve" in own.json()["detail"]
    assert other.json()["approved_by"] == "ben"
    again = await town.post(f"{there}/reopen", ANN)
    assert (again["status"], again["approved_by"]) == ("draft", "")


async def test_draft_opened_again_leaves_the_next_one_as_it_is(town: Town) -> None:
    there, _ = await desk(town, "Before")
    await town.post(f"{there}/approve")
    await town.tell("After", networks=["stroke"])
    await town.post(f"{there}/reopen")
    await town.post(f"{there}/approve")
    await town.tell("Later", networks=["stroke"])

    [draft] = (await town.get("/newsletter/issues", status="draft"))["items"]
    assert await headlines(town, f"/newsletter/issues/{draft['id']}") == ["Later", "After"]


async def test_scheduled_issue_goes_by_itself_and_one_taken_back_does_not(posting: Town) -> None:
    there, _ = await desk(posting, "News")
    await posting.person("ann")
    await posting.post("/preferences", "ann", "PATCH", newsletter=True)
    await posting.post(f"{there}/approve")
    past = await posting.client.post(
        f"{there}/schedule", headers=posting.as_(STAFF), json={"at": "2020-01-01T10:00:00Z"}
    )
    soon = (clock.now() + timedelta(seconds=1)).isoformat()
    await posting.post(f"{there}/schedule", at=soon)
    assert (await posting.post(f"{there}/schedule", at=None))["send_at"] is None
    assert (await posting.get(there))["status"] == "approved" and past.status_code == 422

    await posting.post(f"{there}/schedule", at=(clock.now() + timedelta(seconds=1)).isoformat())

    async def sent() -> bool:
        return bool((await posting.get(there))["status"] == "sent")

    await eventually(sent)
    assert (await posting.get("/mailbox"))["total"] == 1


async def test_cancelled_issue_sends_nothing_more_and_says_so(town: Town) -> None:
    there, _ = await desk(town, "News")
    await town.person("ann")
    await town.post("/preferences", "ann", "PATCH", newsletter=True)
    await town.post(f"{there}/approve")
    async with town.parts.database.transaction() as session:
        await send_issue(session, issue_id=there.rpartition("/")[2], by=BEN)
        from services.notifications.commands.issues import cancel_issue

        await cancel_issue(session, issue_id=there.rpartition("/")[2], by=BEN)

    progress = await town.get(f"{there}/progress")
    assert (progress["status"], progress["refused"], progress["waiting"]) == ("cancelled", 1, 0)
    assert (await town.client.post(f"{there}/resume", headers=town.as_(STAFF), json={})).status_code == 409


async def test_mark_changes_with_everything_that_the_desk_shows_and_only_then(town: Town) -> None:
    there, ids = await desk(town, "One", "Two")
    seen = [(await town.get(f"{there}/mark"))["mark"] for _ in range(2)]
    assert seen[0] == seen[1]
    await patch(town, f"{there}/items/{ids['One']}", ANN, text="Words")
    seen.append((await town.get(f"{there}/mark"))["mark"])
    await town.tell("Three", networks=["stroke"])
    seen.append((await town.get(f"{there}/mark"))["mark"])
    assert len(set(seen)) == 3


async def test_desk_is_for_staff_alone(town: Town) -> None:
    there, ids = await desk(town, "News")
    for method, path in (
        ("PATCH", f"/items/{ids['News']}"),
        ("POST", "/test"),
        ("POST", "/cancel"),
        ("GET", "/preview"),
    ):
        answer = await town.client.request(method, there + path, headers=town.as_("member"), json={})
        assert answer.status_code == 403, path
