"""The rules that matter, held by looking at the code itself."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

from shared.config import SERVICES, Settings
from shared.contracts import CONTRACTS, TOPICS
from shared.migrations import configuration, head
from shared.service import Service, rules_of

pytestmark = pytest.mark.fast
ROOT = Path(__file__).parents[2]
CODE = [path for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")]


def service(name: str) -> Service:
    found: Service = importlib.import_module(f"services.{name}.app").service
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_every_route_says_who_may(name: str) -> None:
    routes = [route for router in service(name).routers for route in router.routes]
    assert routes, "a service without routes"
    assert [route.path for route in routes if not rules_of(route)] == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", SERVICES)
def test_every_chain_of_migrations_has_one_head(name: str) -> None:
    _, script = configuration(service(name).migrations)
    assert script.get_heads() == [head(service(name).migrations)]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_the_same_files_as_the_others(name: str) -> None:
    folder = ROOT / "services" / name
    for noun in ("app", "api", "commands", "consumers", "queries", "tables", "schemas", "migrations"):
        assert (folder / f"{noun}.py").exists() or (folder / noun / "__init__.py").exists(), f"{name} lacks {noun}"


def test_every_topic_has_a_contract_and_a_reader() -> None:
    read: set[str | None] = set()
    for name in SERVICES:
        read |= {subscription.topic for subscription in service(name).subscriptions}
    assert {contract.topic for contract in CONTRACTS.values()} == set(TOPICS)
    assert None in read, "nobody reads every topic"


def test_a_type_of_message_is_named_in_the_past_tense_with_a_version() -> None:
    for name in CONTRACTS:
        assert re.fullmatch(r"networks\.[a-z]+\.[a-z-]+\.([a-z-]+(ed|en|ade|nt)|held)\.v\d+", name), name


def test_no_service_or_feed_names_a_type_of_message_of_another() -> None:
    for reader in ("notifications", "oversight", "gateway"):
        for path in (ROOT / "services" / reader).rglob("*.py"):
            for name in CONTRACTS:
                assert name not in path.read_text(), f"{path} names {name}"


def test_only_one_place_imports_the_kafka_library() -> None:
    places = [
        str(path.relative_to(ROOT)) for path in CODE if re.search(r"^\s*(from|import) aiokafka", path.read_text(), re.M)
    ]
    assert all(place.startswith("shared/log/kafka") for place in places) and places


def test_files_and_functions_stay_short() -> None:
    for path in CODE:
        if "migrations" in path.parts:
            continue
        text = path.read_text()
        assert text.count("\n") <= 310, f"{path} has {text.count(chr(10))} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno
                assert length <= 40, f"{path}:{node.lineno} {node.name} has {length} lines"


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    names = {path.stem for path in CODE} | {path.parent.name for path in CODE}
    assert not names & {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc", "base"}


def test_commands_and_consumers_never_commit() -> None:
    for path in CODE:
        if re.search(r"services/\w+/(commands|consumers)", str(path)):
            assert ".commit(" not in path.read_text(), f"{path} commits"


def test_every_setting_is_documented() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, f"TIDINGS_{name.upper()} has no description"
        assert f"TIDINGS_{name.upper()}" in (ROOT / "docs" / "operations.md").read_text(), name
