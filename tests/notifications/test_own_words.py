"""Staff's own words stay; what changes behind them is said beside them until somebody has looked at it."""

from __future__ import annotations

from typing import Any

from services.notifications.commands.issues import NotLookedAt
from tests.notifications.conftest import STAFF, Town
from tests.notifications.test_desk import ANN, BEN, desk, patch

EVENT: dict[str, Any] = {"networks": ["stroke"], "category": "events", "path": "/events/e1"}
NETWORK: dict[str, Any] = {"networks": ["stroke"], "category": "governance", "path": "/networks/stroke"}


async def rewritten(town: Town, said: str, words: str, **about: Any) -> tuple[str, str]:
    """The paths of a draft and of an item that said something and got a headline of Ann's."""
    await town.network("stroke")
    await town.tell(said, **about)
    there, ids = await desk(town)
    await patch(town, f"{there}/items/{ids[said]}", ANN, 0, headline=words)
    return there, f"{there}/items/{ids[said]}"


async def since(town: Town, item: str) -> str | None:
    found = (await town.get(item))["since"]
    return found["text"] if found else None


async def test_cancelled_event_is_said_beside_the_words_that_praise_it(town: Town) -> None:
    _, item = await rewritten(town, "Study day on 5 December", "Come to the study day", **EVENT)
    assert await since(town, item) is None
    cancelled = await town.tell("Study day is cancelled", **EVENT)

    found = await town.get(item)
    assert found["headline"] == "Come to the study day" and found["changed_since"] is True
    assert (found["since"]["text"], found["since"]["message_id"]) == ("Study day is cancelled", cancelled)


async def test_network_that_is_archived_is_said_beside_words_about_it(town: Town) -> None:
    _, item = await rewritten(town, "Stroke has a new lead", "Welcome, new lead", **NETWORK)
    await town.network("renal")
    await town.tell("Renal is archived", **{**NETWORK, "networks": ["renal"], "path": "/networks/renal"})
    assert await since(town, item) is None
    await town.tell("Stroke is archived", **NETWORK)
    assert await since(town, item) == "Stroke is archived"


async def test_item_all_of_staff_s_own_is_watched_by_its_page_and_its_network(town: Town) -> None:
    there, _ = await desk(town, "News")
    words = {"headline": "Do come", "path": "/events/e1", "network_id": "stroke"}
    own = await town.client.post(f"{there}/items", headers=town.as_(ANN), json=words)
    item = f"{there}/items/{own.json()['id']}"
    assert await since(town, item) is None
    await town.tell("Study day is cancelled", **EVENT)
    assert await since(town, item) == "Study day is cancelled"


async def test_words_under_a_headline_are_own_words_and_a_pin_is_not(town: Town) -> None:
    await town.network("stroke")
    for page in ("/events/e1", "/events/e2"):
        await town.tell(f"Planned {page}", **{**EVENT, "path": page})
    there, ids = await desk(town)
    written, pinned = (f"{there}/items/{ids[f'Planned {page}']}" for page in ("/events/e1", "/events/e2"))
    await patch(town, written, ANN, text="There will be cake.")
    await patch(town, pinned, ANN, pinned=True)
    for page in ("/events/e1", "/events/e2"):
        await town.tell(f"Moved {page}", **{**EVENT, "path": page})
    assert await since(town, written) == "Moved /events/e1" and await since(town, pinned) is None


async def test_a_pin_looks_at_nothing_and_new_words_do(town: Town) -> None:
    _, item = await rewritten(town, "Study day", "Come", **EVENT)
    await town.tell("Study day is cancelled", **EVENT)
    await patch(town, item, BEN, pinned=True, headline="Come")
    assert await since(town, item) == "Study day is cancelled"
    await patch(town, item, BEN, headline="Do not come")
    assert await since(town, item) is None


async def test_words_written_on_a_page_that_did_not_show_the_change_do_not_hide_it(town: Town) -> None:
    _, item = await rewritten(town, "Study day", "Come", **EVENT)
    seen = (await town.get(item))["message_id"]
    await town.tell("Study day is cancelled", **EVENT)
    await patch(town, item, BEN, headline="Do come", of=seen)
    assert await since(town, item) == "Study day is cancelled"


async def test_words_that_are_kept_are_kept_until_the_next_change(town: Town) -> None:
    _, item = await rewritten(town, "Study day", "Come", **EVENT)
    moved = await town.tell("Study day is moved", **EVENT)
    kept = (await patch(town, item, BEN, of=moved)).json()
    assert kept["headline"] == "Come" and kept["since"] is None and kept["edited_by"] == "ann"
    await town.tell("Study day is cancelled", **EVENT)
    assert await since(town, item) == "Study day is cancelled"
    late = (await patch(town, item, BEN, of=moved)).json()
    assert late["since"]["text"] == "Study day is cancelled"


async def test_approval_names_what_nobody_has_looked_at_and_looking_is_no_editing(town: Town) -> None:
    there, item = await rewritten(town, "Study day", "Come", **EVENT)
    cancelled = await town.tell("Study day is cancelled", **EVENT)
    refused = await town.client.post(f"{there}/approve", headers=town.as_(BEN), json={})
    problem = refused.json()
    assert refused.status_code == 409 and problem["detail"] == NotLookedAt().detail
    assert problem["errors"] == [{"field": item.rpartition("/")[2], "message": "Come. Since: Study day is cancelled"}]

    await patch(town, item, BEN, of=cancelled)
    assert (await town.post(f"{there}/approve", BEN))["status"] == "approved"


async def test_dropped_item_and_small_change_hold_no_approval_up(town: Town) -> None:
    there, item = await rewritten(town, "Study day", "Come", **EVENT)
    await town.tell("A comma was added", significance="minor", **EVENT)
    assert await since(town, item) is None
    await town.tell("Study day is cancelled", **EVENT)
    await patch(town, item, ANN, dropped=True)
    assert (await town.post(f"{there}/approve", STAFF))["status"] == "approved"


async def test_change_after_the_approval_is_shown_while_the_issue_waits(town: Town) -> None:
    there, item = await rewritten(town, "Study day", "Come", **EVENT)
    await town.post(f"{there}/approve", BEN)
    await town.tell("Study day is cancelled", **EVENT)
    assert await since(town, item) == "Study day is cancelled"
