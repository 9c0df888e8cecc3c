"""Alerts are found by words of the headline, by names as they are now, and by networks; both databases agree."""

from __future__ import annotations

import pytest

from services.notifications.searching import words_in
from tests.notifications.conftest import Town


async def stroke(town: Town) -> None:
    """Ann belongs to two networks, in which something was told."""
    await town.network("n1", "Stroke Care Network")
    await town.network("n2", "Renal Network")
    await town.person("0190-be", name="Zoë O'Brien")
    await town.person("ann")
    for network in ("n1", "n2"):
        await town.role("ann", network)
    await town.tell("Café meeting moved to 6 December", networks=["n1"])
    await town.tell("{person:0190-be} now leads", networks=["n1"])
    await town.tell("Dialysis: a new plan, 2007–2010", networks=["n2"])


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("cafe", ["Café meeting moved to 6 December"]), ("DECEM meet", ["Café meeting moved to 6 December"]),
        ("afe", []), ("Zoë", ["Zoë O'Brien now leads"]), ("o'brien leads", ["Zoë O'Brien now leads"]),
        ("stroke", ["Zoë O'Brien now leads", "Café meeting moved to 6 December"]),
        ("renal plan", ["Dialysis: a new plan, 2007–2010"]), ("2010", ["Dialysis: a new plan, 2007–2010"]),
        ("stroke plan", []), ("0190", []), ("be", []), ("person", []), ("n1", []), ('"', None), ("' OR 1 --", []),
        ("{person:0190-be}", []), ("NEAR(a b) * : ^", []),
    ],
)  # fmt: skip
async def test_words_find_headlines_names_and_networks(town: Town, q: str, found: list[str] | None) -> None:
    await stroke(town)
    everything = await town.inbox("ann")
    page = await town.get("/alerts", "ann", q=q)
    assert [item["headline"] for item in page["items"]] == (everything if found is None else found)
    assert page["total"] == len(page["items"]) and page["at_least"] is False


async def test_networks_and_people_that_were_made_at_once_are_told_apart(town: Town) -> None:
    """Their ids begin with the same words."""
    stroke, renal, zoe, zara = (f"019ac6da-8514-7b48-8488-f9f853d8def{number}" for number in range(4))
    await town.network(stroke, "Stroke Care Network")
    await town.network(renal, "Renal Network")
    await town.person(zoe, name="Zoë O'Brien")
    await town.person(zara, name="Zara Brown")
    await town.person("ann")
    for network, leader in ((stroke, zoe), (renal, zara)):
        await town.role("ann", network)
        await town.tell(f"{{person:{leader}}} now leads", networks=[network])
    assert await town.inbox("ann", q="stroke") == await town.inbox("ann", q="zoë") == ["Zoë O'Brien now leads"]
    assert await town.inbox("ann", q="zara renal") == ["Zara Brown now leads"]
    assert await town.inbox("ann", q="zara stroke") == []


async def test_name_is_found_as_it_is_now_and_not_once_it_is_erased(town: Town) -> None:
    await stroke(town)
    await town.person("0190-be", name="Zara Brown")
    assert await town.inbox("ann", q="zoë") == [] and await town.inbox("ann", q="zara") == ["Zara Brown now leads"]
    await town.erased("0190-be")
    assert await town.inbox("ann", q="zara") == []


async def test_search_within_a_network_finds_nothing_of_another(town: Town) -> None:
    await stroke(town)
    assert await town.inbox("ann", q="plan", network="n1") == []
    assert await town.inbox("ann", q="plan", network="n2") == ["Dialysis: a new plan, 2007–2010"]
    assert (await town.get("/alerts", "ann", network="n1"))["total"] == 2


async def test_only_ones_own_alerts_are_found(town: Town) -> None:
    await stroke(town)
    await town.person("ben")
    assert await town.inbox("ben", q="plan") == []


@pytest.mark.parametrize("step", [2, 3, 200])
async def test_what_very_many_alerts_say_is_counted_to_an_end(
    town: Town, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    for name in ("counts.MOST_COUNTED", "counts.SEARCHED"):
        monkeypatch.setattr(f"services.notifications.{name}", 2)
    for name in ("inbox.SEARCHED", "inbox.CHUNK"):
        monkeypatch.setattr(f"services.notifications.{name}", step)
    await town.role(await town.person("ann"), await town.network("n1"))
    await town.append(*(town.news(f"News {number}", topic="toy.things", networks=["n1"]) for number in range(5)))
    page = await town.get("/alerts", "ann", q="news", limit=3)
    assert (page["total"], page["at_least"], len(page["items"])) == (2, True, 3) and page["next"]
    rest = await town.get("/alerts", "ann", q="news", limit=3, cursor=page["next"])
    assert len(rest["items"]) == 2 and rest["next"] is None


@pytest.mark.parametrize("near", [1, 3, 2000])
async def test_what_is_near_and_what_is_far_is_found_alike(
    town: Town, monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    for name, value in (("searching.NEAR", near), ("inbox.SEARCHED", 2), ("inbox.CHUNK", 2)):
        monkeypatch.setattr(f"services.notifications.{name}", value)
    for network in ("n1", "n2"):
        await town.role(await town.person("ann"), await town.network(network))
    said = [(f"{word} {number}", network) for number in range(3) for word, network in (("News", "n1"), ("Post", "n2"))]
    await town.append(*(town.news(headline, topic="toy.things", networks=[network]) for headline, network in said))
    assert await town.inbox("ann", q="news") == await town.inbox("ann", q="news", network="n1") == [
        "News 2", "News 1", "News 0",
    ]  # fmt: skip
    assert await town.inbox("ann", q="post") == ["Post 2", "Post 1", "Post 0"]
    assert await town.inbox("ann", q="news", network="n2") == []


def test_words_are_taken_apart_alike_whatever_stands_between_them() -> None:
    assert list(words_in("Stroke-network, (SOUTH)\u2003Åsa’s")) == ["stroke", "network", "south", "asa", "s"]


async def test_changes_are_searched_as_far_as_somebody_may_see_them(town: Town) -> None:
    await town.network("renal")
    await town.tell("Renal aims changed", networks=["renal"])
    await town.tell("Renal discussion", networks=["renal"], category="discussion")
    await town.tell("Stroke day", networks=["renal"])
    found = await town.get("/changes", q="renal aims")
    assert [item["headline"] for item in found["items"]] == ["Renal aims changed"] and found["total"] == 1
    assert (await town.get("/changes", q="discussion"))["total"] == 1
    assert (await town.get("/changes", "visitor", q="discussion"))["total"] == 0
