"""Saved searches: their owner is told of what comes to match, once, and nobody else sees them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from services.registry import consumers
from services.registry.commands import searches
from services.registry.searching import matches
from shared.auth import Principal
from shared.contracts.registry import NETWORKS, SAVED_SEARCHES
from shared.envelope import Envelope
from tests.registry.conftest import BOTH, Register
from tests.service_rig import Rig

ANN, BEN = Principal("ann"), Principal("ben")
STROKE_NW = {"name": "Stroke near me", "q": "stroke", "sha": "Q31"}


async def saved(register: Register, by: Principal = ANN, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = await register.post("/searches", {**STROKE_NW, **fields}, by=by)
    return found


async def told(register: Register) -> list[tuple[str, tuple[str, ...]]]:
    """(headline, whom it concerns) of what was said of saved searches, after all that was said of networks is heard."""
    await heard(register, await register.said(NETWORKS.name))
    said = [message.announcement for message in await register.said(SAVED_SEARCHES.name)]
    return [(a.headline, tuple(sorted(a.concerns.people))) for a in said if a is not None]


async def heard(register: Register, messages: list[Envelope]) -> None:
    """Hand *messages* to the consumer, as a redelivery would."""
    async with register.database.transaction() as session:
        await consumers.on_networks(session, messages)


@BOTH
async def test_owners_are_told_of_what_comes_to_match_and_of_each_network_once(register: Register) -> None:
    before = await register.network("Old Stroke Network")
    await saved(register)
    await saved(register, BEN, name="All stroke", sha="")
    await saved(register, BEN, name="Diabetes", q="diabetes")
    new = await register.network("New Stroke Network")
    other = await register.network("Renal Network", care_group="renal")
    await register.ask("PATCH", f"/networks/{before}", {"aims": "Faster"})
    await register.ask("PATCH", f"/networks/{new}", {"aims": "Faster"})
    line = ("New Stroke Network now matches a search that you saved", ("ann", "ben"))
    assert await told(register) == [line]
    await register.ask("PATCH", f"/networks/{other}", {"aims": "After a stroke"})
    await register.ask("PATCH", f"/networks/{other}", {"aims": "No more"})
    await register.ask("PATCH", f"/networks/{other}", {"aims": "After a stroke, again"})
    assert await told(register) == [line, ("Renal Network now matches a search that you saved", ("ann", "ben"))]
    found = (await register.get("/searches", by=BEN))["items"]
    assert [(search["name"], search["matched"]) for search in found] == [("All stroke", 2), ("Diabetes", 0)]


async def test_a_minor_change_and_what_was_before_tell_nobody(register: Register) -> None:
    network = await register.network("Renal Network", care_group="renal")
    await register.ask("PATCH", f"/networks/{network}", {"aims": "Before: stroke"})
    earlier = await register.said(NETWORKS.name)
    await saved(register)
    await register.ask("PATCH", f"/networks/{network}", {"aims": "None"})
    await register.ask("PATCH", f"/networks/{network}", {"aims": "A stroke", "minor": True})
    await heard(register, earlier)
    assert await told(register) == []


async def test_an_archived_network_matches_when_it_comes_back(register: Register) -> None:
    network = await register.network("Old Stroke Network")
    await register.post(f"/networks/{network}/archive")
    await saved(register)
    await register.post(f"/networks/{network}/restore")
    assert [people for _, people in await told(register)] == [("ann",)]


async def test_many_owners_are_told_in_few_messages(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "TOLD_AT_ONCE", 3)
    for number in range(7):
        await saved(register, Principal(f"person-{number}"))
    await register.network("New Stroke Network")
    assert sorted(len(people) for _, people in await told(register)) == [1, 3, 3]


async def test_a_search_is_its_owners_alone(register: Register) -> None:
    search = await saved(register)
    url = f"/searches/{search['id']}"
    assert (await register.get("/searches", by=BEN))["total"] == 0
    for answer in (
        await register.ask("GET", url, by=BEN),
        await register.ask("PATCH", url, {"name": "Mine"}, by=BEN),
        await register.ask("POST", f"{url}/delete", {}, by=BEN),
    ):
        assert answer.status_code == 404 and "/searches" in answer.json()["detail"]
    assert (await register.ask("GET", "/searches", by=Principal())).status_code == 401


async def test_a_search_is_renamed_and_deleted_with_what_was_told(register: Register) -> None:
    search = await saved(register)
    url = f"/searches/{search['id']}"
    await register.network("New Stroke Network")
    await told(register)
    renamed = await register.ask("PATCH", url, {"name": "Strokes"}, by=ANN, if_match='"1"')
    assert (renamed.json()["name"], renamed.headers["etag"]) == ("Strokes", '"2"')
    assert (await register.ask("PATCH", url, {"name": "Again"}, by=ANN, if_match='"1"')).status_code == 412
    assert [match["name"] for match in (await register.get(url, by=ANN))["matches"]] == ["New Stroke Network"]
    await register.ask("POST", f"{url}/delete", {}, by=ANN)
    assert (await register.ask("GET", url, by=ANN)).status_code == 404


async def test_what_cannot_be_saved_is_refused_with_a_sentence(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = await register.ask("POST", "/searches", {"name": "Everything"}, by=ANN)
    assert nothing.status_code == 422 and "Say what to look for" in nothing.json()["detail"]
    await saved(register)
    same = await register.ask("POST", "/searches", STROKE_NW, by=ANN)
    assert same.status_code == 409 and "another name" in same.json()["detail"]
    monkeypatch.setattr(searches, "MOST_SAVED", 1)
    many = await register.ask("POST", "/searches", {**STROKE_NW, "name": "More"}, by=ANN)
    assert many.status_code == 409 and "delete one" in many.json()["detail"]


async def test_a_search_is_saved_as_it_was_meant(register: Register) -> None:
    await register.network("Mersey Stroke Network")
    assert (await saved(register, q="mersey storke"))["q"] == "mersey stroke"
    asked = await saved(register, name="Question", q="who leads stroke in the North West?", sha="")
    assert (asked["q"], asked["sha"]) == ("stroke", "Q31")


async def test_erasure_forgets_a_persons_searches(register: Register) -> None:
    await saved(register)
    await saved(register, BEN)
    gone = Envelope(
        topic="membership.people", key="ann", type="networks.membership.person.erased.v1", source="/membership",
        subject="ann", revision=9, data=None,
    )  # fmt: skip
    async with register.database.transaction() as session:
        await consumers.on_people(session, [gone])
    assert [(await register.get("/searches", by=person))["total"] for person in (ANN, BEN)] == [0, 1]


WORDS = some.sampled_from(["stroke", "strokes", "renal", "Crohn's", "care", "a", "the", "7", "s"])
TEXT = some.lists(WORDS, max_size=3).map(" ".join)
NETWORK = some.fixed_dictionaries(
    {
        "name": TEXT.filter(bool), "aliases": some.lists(TEXT.filter(bool), max_size=1), "aims": TEXT,
        "care_group": some.sampled_from(["stroke", "renal care"]), "type": some.just("disease"),
        "stage": some.sampled_from(["informal", "emerging"]),
        "bodies": some.lists(some.sampled_from(["Q31", "Q32"]), unique=True),
    }
)  # fmt: skip
CHOSEN = some.fixed_dictionaries(
    {}, optional={"stage": some.just("emerging"), "sha": some.just("Q31"), "care_group": some.just("stroke")}
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(network=NETWORK, q=TEXT, chosen=CHOSEN)
async def test_a_network_matches_a_search_where_the_directory_finds_it(
    either: Rig, network: dict[str, Any], q: str, chosen: dict[str, str]
) -> None:
    number = (await either.client.get("/networks", params={"limit": 1})).json()["total"]
    answer = await either.client.post("/networks", json={**network, "name": f"{network['name']} no{number}"})
    state = answer.json()
    page = (await either.client.get("/networks", params={"q": q, **chosen, "ids": state["id"]})).json()
    found = bool(page["items"]) and not page["corrected"]
    assert found == matches(state, q=q, chosen=chosen)
