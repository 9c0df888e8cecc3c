"""The host of a network is written as people know it, and kept by its code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from services.gateway.pages.hosts import UnclearHost, host_code

pytestmark = pytest.mark.fast
KNOWN = [
    {"name": "Ash Trust", "code": "RA1"}, {"name": "Ash Trust North", "code": "RA2"},
    {"name": "Elm Trust", "code": "RE1"},
]  # fmt: skip


def visit() -> Any:
    """A visit that finds organisations as membership does: by words of their names or by code."""

    async def ask(_service: str, _path: str, *, q: str, limit: int) -> Any:
        found = [one for one in KNOWN if q.lower() in one["name"].lower() or q == one["code"]]
        return {"items": found[:limit]}

    async def ask_or(default: Any, _service: str, path: str) -> Any:
        return next((one for one in KNOWN if one["code"] == path.rpartition("/")[2]), default)

    return SimpleNamespace(ask=ask, ask_or=ask_or)


@pytest.mark.parametrize(
    ("written", "code"),
    [("", ""), ("Elm", "RE1"), ("RE1", "RE1"), ("ash trust", "RA1"), ("Ash Trust North (RA2)", "RA2"), ("X9", "X9")],
)
async def test_a_name_or_a_code_that_fits_one_alone_is_that_one(written: str, code: str) -> None:
    assert await host_code(visit(), written, present="X9") == code


async def test_several_are_offered_and_none_is_said() -> None:
    with pytest.raises(UnclearHost) as several:
        await host_code(visit(), "ash")
    assert [one["code"] for one in several.value.offered] == ["RA1", "RA2"]
    with pytest.raises(UnclearHost) as none:
        await host_code(visit(), "Oak")
    assert none.value.offered == [] and none.value.errors[0]["field"] == "host"
