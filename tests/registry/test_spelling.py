"""Slips of the hand: how many there are between two words, and which questions ask who leads."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.registry.commands.naming import words_of
from services.registry.queries.questions import Question, is_question, understood
from services.registry.queries.spelling import forgiven, nearest, slips

pytestmark = pytest.mark.fast
WORD = some.text("abc", max_size=6)
BODIES = {
    "Q30": "North East Strategic Health Authority", "Q31": "North West Strategic Health Authority",
    "Q32": "Yorkshire and the Humber Strategic Health Authority", "Q36": "London Strategic Health Authority",
    "Q37": "South East Coast Strategic Health Authority", "Q38": "South Central Strategic Health Authority",
}  # fmt: skip


@cache
def by_definition(typed: str, word: str) -> int:
    """The fewest letters added, left out, changed or exchanged with their neighbour, found by trying everything."""
    if not typed or not word:
        return len(typed) + len(word)
    fewest = min(
        by_definition(typed[1:], word) + 1, by_definition(typed, word[1:]) + 1,
        by_definition(typed[1:], word[1:]) + (typed[0] != word[0]),
    )  # fmt: skip
    if len(typed) > 1 and len(word) > 1 and typed[:2] == word[1::-1]:
        fewest = min(fewest, by_definition(typed[2:], word[2:]) + 1)
    return fewest


@given(WORD, WORD, some.integers(0, 3))
def test_slips_are_counted_as_they_are_defined(typed: str, word: str, most: int) -> None:
    whole = by_definition(typed, word)
    beginning = min(by_definition(typed, word[:n]) for n in range(len(word) + 1))
    assert slips(typed, word, most) == (min(beginning, most + 1), min(whole, most + 1))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("storke", ["stroke"]), ("strok", ["stroke"]), ("canser", ["cancer"]), ("diabtes", ["diabetes"]),
        ("rheumatolgo", ["rheumatology"]), ("end", []), ("xylophone", []),
    ],
)  # fmt: skip
def test_the_nearest_words_are_those_with_the_fewest_slips(typed: str, found: list[str]) -> None:
    known = ["stroke", "cancer", "diabetes", "rheumatology", "renal", "and"]
    assert nearest(typed, known, most=forgiven(typed), limit=5) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Crohn's & Colitis", ["crohns", "colitis"]), ("Ménière’s  disease", ["menieres", "disease"]),
        ("Straße_2", ["strasse", "2"]), ("x" * 100, ["x" * 60]), ("—", []),
    ],
)  # fmt: skip
def test_a_text_is_taken_apart_without_accents_case_or_signs(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("q", "asked"),
    [
        ("who leads stroke in North West", Question("stroke", "Q31")),
        ("Who leads the stroke network in the North West?", Question("stroke", "Q31")),
        ("who's the lead nurse for palliative care in yorkshire", Question("palliative care", "Q32", "lead_nurse")),
        ("who manages burns near London?", Question("burns", "Q36", "lead_manager")),
        ("lead for stroke in Q31", Question("stroke", "Q31")),
        ("who leads stroke NW", Question("stroke", "Q31")),
        ("who leads stroke in nort west", Question("stroke", "Q31")),
        ("who leads stroke in South East", Question("stroke", "Q37")),
        ("who leads cancer in Manchester", Question("cancer in manchester")),
        ("who leads cancer in the South", Question("cancer in south")),
        ("who leads in London", Question("", "Q36")),
    ],
)  # fmt: skip
def test_a_question_is_understood(q: str, asked: Question) -> None:
    assert is_question(q)
    assert understood(q, BODIES) == asked


@pytest.mark.parametrize("q", ["stroke", "lead poisoning network", "who", "", "leadership in London", "WHO"])
def test_what_asks_for_no_lead_is_no_question(q: str) -> None:
    assert not is_question(q)
