"""One search over everything: each kind by itself, what may not be seen left out, what is away said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from services.gateway.clients import Refused, ServiceAway
from services.gateway.searching import Search, as_json, asked, everything, said
from shared import clock
from shared.auth import ANYBODY, Principal
from shared.errors import Problem

pytestmark = pytest.mark.fast
MEMBER, STAFF = Principal("ann"), Principal("bob", is_staff=True)
NETWORK = {"name": "Stroke network", "slug": "stroke", "care_group": "stroke", "stage": "managed", "marks": [[0, 6]]}
PERSON = {"id": "ann", "name": "Ann Strokes", "professions": ["nurse"], "organisation": ""}
EVENT = {
    "id": "e1",
    "title": "Stroke day",
    "starts_at": "2026-12-01T10:00:00Z",
    "ends_at": "2026-12-01T12:00:00Z",
    "place": "Leeds",
}
ISSUE = {"id": "i1", "number": 7, "title": "Stroke", "status": "draft", "sent_at": None}
CHANGE = {
    "message_id": "m1",
    "headline": "Stroke network: aims changed",
    "category": "governance",
    "time": "2026-11-01",
}
LISTS: Mapping[str, list[dict[str, Any]]] = {
    "/network-names": [NETWORK], "/people": [PERSON], "/organisations": [], "/events": [EVENT],
    "/newsletter/issues": [ISSUE], "/newsletter/archive": [], "/changes": [CHANGE],
}  # fmt: skip


class Services:
    """Answers every list, except where it is told to refuse."""

    def __init__(self, **refusals: Problem) -> None:
        self.refusals = refusals
        self.asked: list[str] = []

    async def ask(self, _service: str, path: str, *, principal: Principal, **_query: Any) -> Any:
        self.asked.append(path)
        if problem := self.refusals.get(path.strip("/").partition("/")[0]):
            raise problem
        return {"items": LISTS[path], "total": len(LISTS[path]), "next": None, "at_least": False}


async def found(by: Principal, services: Services | None = None) -> dict[str, list[tuple[str, str]]]:
    groups = await everything(Search(services or Services(), by, "stroke"))  # type: ignore[arg-type]
    return {group.name: [(hit.title, hit.path) for hit in group.hits] for group in groups}


async def test_staff_find_people_and_drafts_and_can_open_them() -> None:
    kinds = await found(STAFF)
    assert kinds["People"] == [("Ann Strokes", "/people/ann")]
    assert kinds["Newsletter"] == [("Issue 7: Stroke", "/staff/newsletter/i1")]
    assert list(kinds) == ["Networks", "People", "Events", "Newsletter", "Changes"]


async def test_visitors_are_not_even_asked_about_for_people() -> None:
    services = Services()
    assert "People" not in await found(ANYBODY, services)
    assert "/people" not in services.asked and "/newsletter/issues" not in services.asked


async def test_member_finds_names_and_can_open_no_record_but_their_own() -> None:
    assert (await found(MEMBER))["People"] == [("Ann Strokes", "/people/ann")]
    assert (await found(Principal("carl")))["People"] == [("Ann Strokes", "")]


async def test_what_a_token_may_not_read_is_left_out_and_what_is_away_is_said() -> None:
    services = Services(people=Refused(403, {"detail": "No."}), events=ServiceAway("'events' does not answer."))
    groups = await everything(Search(services, STAFF, "stroke"))  # type: ignore[arg-type]
    assert "People" not in [group.name for group in groups]
    assert [group.away for group in groups if group.name == "Events"] == ["'events' does not answer."]


async def test_event_that_is_still_to_come_stands_once_among_all_events() -> None:
    assert (await found(ANYBODY))["Events"] == [("Stroke day", "/events/e1")]


class Gatherings(Services):
    """*past* gatherings a year ago, and two still to come; asked for a page at a time, the earliest first."""

    def __init__(self, past: int) -> None:
        super().__init__()
        was = [_gathering(f"was {n}", clock.today() - timedelta(days=365 - n)) for n in range(past)]
        self.all = [*was, *(_gathering(f"will {n}", clock.today() + timedelta(days=n)) for n in range(2))]

    async def ask(self, service: str, path: str, *, principal: Principal, **query: Any) -> Any:
        if path != "/events":
            return await super().ask(service, path, principal=principal, **query)
        self.asked.append(path)
        matching = [event for event in self.all if event["ends_at"] >= query.get("from_", "")]
        page = matching[: query["limit"]]
        return {"items": page, "total": len(matching), "next": "more" if len(page) < len(matching) else None}


def _gathering(title: str, day: date) -> dict[str, Any]:
    return {**EVENT, "id": title, "title": title, "starts_at": f"{day}T10:00:00Z", "ends_at": f"{day}T12:00:00Z"}


@pytest.mark.parametrize(("past", "asked_times"), [(2, 1), (3, 1), (4, 2), (40, 2)])
async def test_gatherings_to_come_are_found_before_those_that_are_over(past: int, asked_times: int) -> None:
    services = Gatherings(past)
    titles = [title for title, _ in (await found(ANYBODY, services))["Events"]]
    assert titles == ["will 0", "will 1", *(f"was {n}" for n in range(min(past, 3)))]
    assert services.asked.count("/events") == asked_times


async def test_hits_say_where_the_words_stand_in_the_name() -> None:
    [networks] = [
        group for group in await everything(Search(Services(), ANYBODY, "stroke")) if group.name == "Networks"
    ]  # type: ignore[arg-type]
    assert networks.hits[0].marks == [[0, 6]]


async def test_answer_says_how_many_there_are_of_each_kind() -> None:
    groups = await everything(Search(Services(), STAFF, "stroke"))  # type: ignore[arg-type]
    answer = as_json(groups)
    assert answer["total"] == 5 and {item["kind"] for item in answer["items"]} == {
        "network", "person", "event", "issue", "change",
    }  # fmt: skip
    assert said(groups, "stroke") == "5 results for “stroke”."


async def test_no_words_find_nothing_and_ask_nobody() -> None:
    services = Services()
    assert await everything(Search(services, STAFF, "")) == []  # type: ignore[arg-type]
    assert services.asked == [] and said([], "zzz") == "Nothing was found for “zzz”."


def test_what_nobody_can_see_is_not_searched_for() -> None:
    assert asked(" stro\x00ke\n ") == "stroke"
