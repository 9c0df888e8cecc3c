"""Search on both databases: the same networks in the same order, slips forgiven, hits marked, work bounded."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from sqlalchemy import text

from services.registry.commands.naming import words_of
from services.registry.queries import hits
from services.registry.reference import rows
from services.registry.wording import folded
from tests.service_rig import Rig

REAL = [
    {"name": row["name"], "care_group": row["care_group"], "aliases": [], "aims": ""} for row in rows("networks")
]  # fmt: skip
OWN: list[dict[str, Any]] = [
    {"name": "Ménière’s Network", "care_group": "ear, nose and throat", "aliases": ["Inner Ear Forum"], "aims": ""},
    {"name": "St. Helens Crohn's & Colitis Group", "care_group": "bowel", "aliases": [], "aims": "Nobody waits."},
    {"name": "Zetland Alliance", "care_group": "stroke", "aliases": ["ZAS"], "aims": "Faster thrombolysis by night."},
    {"name": "Stroke", "care_group": "stroke", "aliases": [], "aims": ""},
]
QUESTIONS = (
    "stroke", "strok", "cancer north", "north cancer", "network cancer yorkshire", "CANCER", "s", "st", "3 counties",
    "menieres", "ménière", "crohn's", "colitis crohns", "inner ear", "zas", "thrombolysis", "night faster",
    "the north and the south", "and", "critical care", "manch strok", "hepatitis c", "no such thing at all", "ear nose",
)  # fmt: skip


@pytest.fixture
async def corpus(real: Rig) -> Rig:
    """The real register and four networks with accents, other names and aims."""
    for fields in OWN:
        answer = await real.client.post("/networks", json={**fields, "type": "disease", "bodies": ["Q31"]})
        assert answer.status_code == 201, answer.text
    return real


async def search(registry: Rig, q: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await registry.client.get("/networks", params={"q": q, "limit": 100, **more})).json()
    return found


def expected(q: str) -> list[str]:
    """By reading every network: every word that tells something begins a word of what is searched; names first."""
    small = {"and", "the"}
    words = words_of(q)
    words = [word for word in words if word not in small and (len(word) > 1 or word.isdigit())] or words

    def has(text: str) -> bool:
        return all(any(word.startswith(typed) for word in words_of(text)) for typed in words)

    def rank(n: dict[str, Any]) -> tuple[Any, ...]:
        begins = " ".join(words_of(n["name"])).startswith(" ".join(words_of(q)))
        order = 0 if begins else 1 if has(n["name"]) else 2 if has(f"{n['name']} {n['care_group']}") else 3
        return order, folded(n["name"])

    searched = [n for n in [*REAL, *OWN] if has(" ".join([n["name"], *n["aliases"], n["care_group"], n["aims"]]))]
    return [n["name"] for n in sorted(searched, key=rank)]


async def test_a_search_finds_what_reading_every_network_finds_in_the_same_order(corpus: Rig) -> None:
    for q in QUESTIONS:
        page = await search(corpus, q)
        wanted = expected(q)
        assert [network["name"] for network in page["items"]] == wanted[:100], q
        assert (page["total"], page["at_least"], page["corrected"]) == (len(wanted), False, {}), q


ODD = ("Women's health", "a & b | !c", "50% :more", "back\\\\slash", "@stage:informal", "it''s", "Ménière")
SLIPS = {
    "storke": {"storke": ["stroke"]},
    "ztroke": {"ztroke": ["stroke"]},
    "yorkshre canser": {"canser": ["cancer"], "yorkshre": ["yorkshire"]},
    "thrombolisys": {"thrombolisys": ["thrombolysis"]},
    "trombolys": {"trombolys": ["thrombolysis"]},
}


async def test_a_slip_of_the_hand_is_forgiven_and_said(corpus: Rig) -> None:
    for typed, taken_for in SLIPS.items():
        page = await search(corpus, typed)
        meant = await search(corpus, " ".join(word for words in taken_for.values() for word in words))
        assert page["corrected"] == taken_for
        assert {n["id"] for n in page["items"]} == {n["id"] for n in meant["items"]} != set()


async def test_words_that_are_known_are_not_corrected_unless_nothing_has_them_all(corpus: Rig) -> None:
    assert (await search(corpus, "colitis zetland"))["total"] == 0
    assert (await search(corpus, "nobody waist"))["corrected"] == {"waist": ["waits"]}
    assert (await search(corpus, "caner network zetland"))["items"] == []
    near = await search(corpus, "stroke zetlnd")
    assert [n["name"] for n in near["items"]] == ["Zetland Alliance"]


async def test_hits_are_marked_where_they_stand_in_the_text(corpus: Rig) -> None:
    def marked(text: str, spans: list[list[int]]) -> list[str]:
        return [text[first:last] for first, last in spans]

    [crohn] = (await search(corpus, "crohns coli"))["items"]
    assert marked(crohn["name"], crohn["marks"]["name"]) == ["Crohn's", "Coli"]
    [ear] = (await search(corpus, "menieres inner"))["items"]
    assert marked(ear["name"], ear["marks"]["name"]) == ["Ménière’s"]
    assert [marked(**{"text": m["text"], "spans": m["marks"]}) for m in ear["marks"]["aliases"]] == [["Inner"]]
    [zetland] = (await search(corpus, "trombolysis"))["items"]
    assert marked(zetland["marks"]["aims"]["text"], zetland["marks"]["aims"]["marks"]) == ["thrombolysis"]


async def test_what_changes_or_goes_is_found_so_from_then_on(corpus: Rig) -> None:
    [network] = (await search(corpus, "zetland"))["items"]
    url = f"/networks/{network['id']}"
    await corpus.client.patch(url, json={"name": "Shetland Alliance", "aims": "Reperfusion"})
    assert (await search(corpus, "zetland"))["total"] == 0
    assert (await search(corpus, "shetlnad"))["corrected"] == {"shetlnad": ["shetland"]}
    assert [n["id"] for n in (await search(corpus, "reperfus"))["items"]] == [network["id"]]
    assert (await search(corpus, "thrombolysis"))["total"] == 0
    await corpus.client.post(f"{url}/archive", json={})
    assert (await search(corpus, "reperfusion"))["total"] == 0


async def test_pages_of_a_search_follow_one_another_without_gap_or_repeat(corpus: Rig) -> None:
    whole = [network["id"] for network in (await search(corpus, "cancer"))["items"]]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await search(corpus, "cancer", limit=7, **cursor)
        seen += [network["id"] for network in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == whole and len(seen) > 40


async def test_a_foreign_cursor_is_refused_with_a_sentence(corpus: Rig) -> None:
    for cursor in ("x", "W10=", "WyJhIiwgImIiLCAiYyJd", "eyJhIjoxfQ=="):
        for q in ("", "stroke"):
            answer = await corpus.client.get("/networks", params={"q": q, "cursor": cursor})
            assert answer.status_code == 400 and "cursor" in answer.json()["detail"]


async def test_more_than_can_be_counted_is_said_and_what_begins_so_is_there(
    corpus: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as bounded:
        bounded.setattr(hits, "MOST", 8)
        page = await search(corpus, "stroke", facets=True)
        chosen = await search(corpus, "stroke", sha="Q32", facets=True)
    assert (page["total"], page["at_least"]) == (8, True)
    begins = [name for name in expected("stroke") if name.lower().startswith("stroke")]
    assert [n["name"] for n in page["items"]][: len(begins)] == begins != []
    assert all("stroke" in n["name"].lower() for n in page["items"]), "names come before mentions"
    for facet, values in page["facets"].items():
        for entry in values:
            assert entry["at_least"]
            assert (await search(corpus, "stroke", **{facet: entry["value"]}))["total"] >= entry["count"]
    assert (chosen["total"], chosen["at_least"]) == ((await search(corpus, "stroke", sha="Q32"))["total"], False)
    assert not any(entry["at_least"] for entry in chosen["facets"]["care_group"])
    assert all(entry["at_least"] for entry in chosen["facets"]["sha"])


CHOICES = {
    "sha": ["Q31", "Q32"],
    "stage": ["informal", "emerging"],
    "care_group": ["cancer", "stroke"],
    "level": ["local"],
}


async def test_where_more_match_than_are_counted_a_choice_still_finds_its_own_and_all_of_them(
    corpus: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [{facet: value} for facet, values in CHOICES.items() for value in values]
    chosen += [{**one, **other} for one, other in itertools.combinations(chosen, 2) if not one.keys() & other.keys()]
    whole = {(q, *each.items()): await search(corpus, q, **each) for q in ("cancer", "network care") for each in chosen}
    monkeypatch.setattr(hits, "MOST", 12)
    for (q, *each), exact in whole.items():
        page = await search(corpus, q, facets=True, **dict(each))
        found = page["items"]
        assert page["at_least"] == (exact["total"] > 12), (q, each)
        assert len(found) == page["total"] == min(12, exact["total"]), (q, each)
        assert all(
            value in network["bodies"] if facet == "sha" else network[facet] == value
            for network in found
            for facet, value in each
        ), (q, each)


async def test_the_value_of_a_choice_is_taken_letter_by_letter(corpus: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, care_group in enumerate(ODD):
        fields = {"name": f"Odd network {number}", "type": "disease", "care_group": care_group}
        assert (await corpus.client.post("/networks", json=fields)).status_code == 201
    monkeypatch.setattr(hits, "MOST", 2)
    for care_group in ODD:
        page = await search(corpus, "network", care_group=care_group)
        assert [network["care_group"] for network in page["items"]] == [care_group], care_group


async def test_signs_in_a_search_are_signs(corpus: Rig) -> None:
    for q in (
        '" OR *',
        "'; DROP TABLE networks; --",
        "a:b (c) | ! & <->",
        "\\",
        "%_%",
        "*",
        "NEAR(x)",
        "it''s",
        "\x00",
    ):
        answer = await corpus.client.get("/networks", params={"q": q})
        assert answer.status_code == 200, answer.text


async def test_a_very_long_word_is_kept_and_found(either: Rig) -> None:
    fields = {"name": "Long", "type": "disease", "care_group": "x", "aims": "w" * 9_000}
    assert (await either.client.post("/networks", json=fields)).status_code == 201
    assert (await search(either, "w" * 150))["total"] == 1


async def test_the_index_survives_a_vacuum(corpus: Rig) -> None:
    async with corpus.parts.database.writer.connect() as connection:
        if corpus.parts.database.is_sqlite:
            raw = await connection.get_raw_connection()
            await raw.driver_connection.execute("DELETE FROM networks WHERE name < 'D'")
            await raw.driver_connection.execute("VACUUM")
        else:
            await connection.execute(text("DELETE FROM networks WHERE name < 'D'"))
            await connection.commit()
    [zetland] = (await search(corpus, "thrombolysis"))["items"]
    assert zetland["name"] == "Zetland Alliance"


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "stroke"}, {"q": "strok"}, {"q": "who leads stroke in London?"}, {"care_group": "cancer"}, {"sha": "Q31"},
        {"q": "network", "care_group": "cancer", "limit": 3}, {"limit": 200}, {"archived": "true"}, {},
    ],
)  # fmt: skip
async def test_names_to_choose_from_are_those_of_the_list_in_its_order(real: Rig, asked: dict[str, Any]) -> None:
    whole = (await real.client.get("/networks", params=asked)).json()
    names = (await real.client.get("/network-names", params=asked)).json()
    fields = ("id", "slug", "name", "type", "care_group", "level", "stage", "bodies")
    marks = [(item["marks"] or {"name": []})["name"] for item in whole["items"]]
    assert names["items"] == [
        {**{field: item[field] for field in fields}, "marks": spans}
        for item, spans in zip(whole["items"], marks, strict=True)
    ]
    assert any(marks) is (asked.get("q") in {"stroke", "strok", "who leads stroke in London?", "network"})
    assert [names[one] for one in ("next", "total", "at_least")] == [
        whole[one] for one in ("next", "total", "at_least")
    ]
    assert bool(names["items"]) is ("archived" not in asked)
    if names["next"]:
        second = (await real.client.get("/network-names", params={**asked, "cursor": names["next"]})).json()
        assert second["items"] and second["items"][0]["id"] not in {item["id"] for item in names["items"]}
