"""What services would do, put together in a sentence, without knowing what they do."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.foresight import TrueOrFalse, sentence, wants_preview

pytestmark = pytest.mark.fast
PEOPLE = ["person", "people"]


def item(count: int, noun: list[str] | None) -> dict[str, Any]:
    return {"count": count, "noun": noun}


def test_what_has_the_same_noun_is_added_up_and_what_has_none_is_left_out() -> None:
    found = [item(1_400, PEOPLE), item(12, PEOPLE), item(7, None), item(1, ["webhook", "webhooks"])]
    assert sentence(found) == "This reaches 1,412 people and 1 webhook."
    assert sentence([item(1, PEOPLE)]) == "This reaches 1 person."
    assert sentence([item(0, PEOPLE), item(7, None)]) == "This reaches nobody."


def test_preview_is_true_or_false_and_anything_else_is_refused_before_something_changes() -> None:
    assert [wants_preview({"preview": text}) for text in ("true", "TRUE", "1", "false", "")] == [True] * 3 + [False] * 2
    assert not wants_preview({})
    with pytest.raises(TrueOrFalse):
        wants_preview({"preview": "ture"})
