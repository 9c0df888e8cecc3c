"""An issue that waits for its moment: what is announced meanwhile changes it, or holds it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notifications.commands.issues import NotPossibleNow, Overtaken
from services.notifications.delivery import timetable
from shared import clock
from tests.notifications.conftest import Town, eventually
from tests.notifications.test_desk import ANN, BEN, posting
from tests.notifications.test_own_words import EVENT, rewritten

__all__ = ["posting"]
HELD = "is held back: 1 item tells of something that has changed since the words were written"


async def waiting(town: Town, there: str, **until: float) -> None:
    """Ben approves the issue, for a reader, and sets its moment."""
    await town.person("carol")
    await town.person("ben", is_staff=True)
    await town.post("/preferences", "carol", "PATCH", newsletter=True)
    await town.post(f"{there}/approve", BEN)
    await town.post(f"{there}/schedule", BEN, at=(clock.now() + timedelta(**until)).isoformat())


async def looked_at(town: Town) -> None:
    """What the worker does at one look."""
    async with town.parts.database.transaction() as session:
        for issue in await timetable.issues_waiting(session):
            await timetable.see_to(session, issue)


async def alerts_of(town: Town, person: str) -> list[dict[str, Any]]:
    return list((await town.get("/alerts", person, limit=100))["items"])


async def test_issue_whose_own_words_are_overtaken_is_held_back_before_its_moment_and_staff_are_told(
    town: Town,
) -> None:
    there, _ = await rewritten(town, "Study day", "Come", **EVENT)
    await waiting(town, there, hours=5)
    await looked_at(town)
    assert (await town.get(there))["send_at"]
    await town.tell("Study day is cancelled", **EVENT)
    await looked_at(town)

    issue = await town.get(there)
    assert (issue["status"], issue["send_at"]) == ("approved", None)

    async def told() -> bool:
        return any(HELD in alert["headline"] for alert in await alerts_of(town, "ben"))

    await eventually(told)
    [alert] = [alert for alert in await alerts_of(town, "ben") if HELD in alert["headline"]]
    assert alert["path"] == f"/staff{there.replace('/issues', '')}" and alert["significance"] == "major"
    assert not [alert for alert in await alerts_of(town, "carol") if HELD in alert["headline"]]


async def test_issue_overtaken_at_the_last_moment_is_not_sent(posting: Town) -> None:
    there, _ = await rewritten(posting, "Study day", "Come", **EVENT)
    await waiting(posting, there, seconds=1.5)
    await posting.tell("Study day is cancelled", **EVENT)

    async def held() -> bool:
        return (await posting.get(there))["send_at"] is None

    await eventually(held)
    assert (await posting.get(there))["status"] == "approved" and (await posting.get("/mailbox"))["total"] == 0


async def test_issue_whose_items_merely_changed_goes_with_what_is_so(posting: Town) -> None:
    there, item = await rewritten(posting, "Study day", "Come", **EVENT)
    await posting.tell("Another day", **{**EVENT, "path": "/events/e2"})
    await posting.post(item, ANN, "PATCH", dropped=True)
    await waiting(posting, there, seconds=1.5)
    await posting.tell("Another day is moved", **{**EVENT, "path": "/events/e2"})

    async def sent() -> bool:
        return bool((await posting.get(there))["status"] == "sent")

    await eventually(sent)
    [mail] = (await posting.get("/mailbox"))["items"]
    assert "Another day is moved" in (await posting.get(f"/mailbox/{mail['message_id']}"))["text"]


async def test_overtaken_issue_takes_no_moment_until_its_words_were_looked_at(town: Town) -> None:
    there, item = await rewritten(town, "Study day", "Come", **EVENT)
    await waiting(town, there, hours=5)
    cancelled = await town.tell("Study day is cancelled", **EVENT)
    await looked_at(town)
    at = (clock.now() + timedelta(hours=1)).isoformat()
    refused = await town.client.post(f"{there}/schedule", headers=town.as_(BEN), json={"at": at})
    assert refused.status_code == 409 and refused.json()["detail"] == Overtaken().detail

    await town.post(f"{there}/reopen", BEN)
    await town.post(item, BEN, "PATCH", of=cancelled)
    await town.post(f"{there}/approve", BEN)
    assert (await town.post(f"{there}/schedule", BEN, at=at))["send_at"]


async def test_issue_that_somebody_stopped_meanwhile_is_not_held_back(town: Town) -> None:
    there, _ = await rewritten(town, "Study day", "Come", **EVENT)
    await waiting(town, there, hours=5)
    async with town.parts.database.reading() as session:
        [issue] = await timetable.issues_waiting(session)
    await town.tell("Study day is cancelled", **EVENT)
    await town.post(f"{there}/schedule", BEN, at=None)
    with pytest.raises(NotPossibleNow):
        async with town.parts.database.transaction() as session:
            await timetable.see_to(session, issue)
