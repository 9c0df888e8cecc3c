"""What the code says of itself is written down, and what is published breaks no reader."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.fast
ROOT = Path(__file__).parents[2]


def script(name: str) -> Any:
    """One of scripts/, imported."""
    specification = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_contracts_permissions_and_routes_are_written_down_and_break_no_reader() -> None:
    assert script("generate").problems() == []


def test_a_contract_may_grow() -> None:
    assert script("generate").breaks(_contract(name="string"), _contract(name="string", motto="string")) == []


@pytest.mark.parametrize("changed", [{}, {"name": "integer"}])
def test_a_field_that_goes_or_changes_breaks_its_readers(changed: dict[str, str]) -> None:
    assert len(script("generate").breaks(_contract(name="string"), _contract(**changed))) == 1


def _contract(**fields: str) -> dict[str, Any]:
    properties = {name: {"type": kind, "title": name} for name, kind in fields.items()}
    return {"type": "networks.toy.thing.made.v1", "topic": "toy.things", "state": {"properties": properties}}
