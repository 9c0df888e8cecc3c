"""The design system's components are rendered once for the same parameters, and never for others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from jinja2 import Undefined
from markupsafe import Markup

from services.gateway.components import Kept, known_by
from services.gateway.rendering import environment


def _counted(kept: Kept, calls: list[Any]) -> Callable[..., str]:
    return kept.component("box", lambda *given, **named: calls.append((given, named)) or Markup(f"{given}{named}"))


def _rendered(macro: str, source: str) -> str:
    text = f'{{% from "nhsuk/components/{macro}/macro.jinja" import {macro} %}}{source}'
    return environment("/static", "Tidings").from_string(text).render(word="<b>")


def test_the_same_parameters_are_rendered_once_and_others_for_themselves() -> None:
    calls: list[Any] = []
    box = _counted(Kept(), calls)
    assert box({"a": [1, {"b": "c"}]}) == box({"a": [1, {"b": "c"}]})
    assert len(calls) == 1
    box({"a": [1, {"b": "d"}]})
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [("<b>", Markup("<b>")), (1, True), (1, "1"), (None, Undefined()), (None, ""), ([], {}), (["a", "b"], ["b", "a"])],
)
def test_what_looks_alike_is_told_apart(one: Any, other: Any) -> None:
    assert known_by(({"value": one},)) != known_by(({"value": other},))


def test_what_has_a_body_and_what_cannot_be_known_is_rendered_every_time() -> None:
    calls: list[Any] = []
    box = _counted(Kept(), calls)
    for _ in range(2):
        box({"a": 1}, caller=str)
        box({"a": object})
    assert len(calls) == 4


def test_what_was_not_asked_for_the_longest_goes_first() -> None:
    calls: list[Any] = []
    box = _counted(Kept(most=120), calls)
    for text in ("a" * 20, "b" * 20, "a" * 20, "c" * 20, "a" * 20):
        box(text)
    assert [given[0][0] for given, _ in calls] == ["a", "b", "c"]
    box("b" * 20)
    assert len(calls) == 4


def test_text_is_escaped_and_markup_is_not_whatever_came_first() -> None:
    plain, safe = '{"id": "a", "label": {"text": word}}', '{"id": "a", "label": {"text": word | safe}}'
    shown = _rendered("input", f"{{{{ input({plain}) }}}}|{{{{ input({safe}) }}}}|{{{{ input({plain}) }}}}")
    first, second, third = shown.split("|")
    assert "&lt;b&gt;" in first and "<b>" in second
    assert first == third
