"""What a picker picks is the same by whichever way it is asked: at once, from storage, by the index."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert, select

from services.notifications.matching import filed_under, keys_of, picked
from services.notifications.tables import alert_audiences, alerts, metadata
from shared.announcement import Concerns
from shared.picker import TYPE_PATTERN, Picker, is_type

pytestmark = pytest.mark.fast
NAMES = st.sampled_from(["a", "b", "c_d", "e%"])
PARTS = st.sampled_from(["networks", "registry", "network", "net", "changed", "v1"])
TYPES = st.lists(PARTS, min_size=1, max_size=4).map(".".join)
CATEGORIES = st.sampled_from(["governance", "events", "news"])


def some(of: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(of, max_size=2).map(tuple)


PICKERS = st.builds(
    Picker, types=some(st.builds(lambda t, rest: t + rest, TYPES, st.sampled_from(["", ".*"]))), networks=some(NAMES),
    bodies=some(NAMES), care_groups=some(NAMES), categories=some(CATEGORIES),
)  # fmt: skip
CHANGES = st.builds(
    lambda type, category, group, concerns: {
        "type": type, "category": category, "care_group": group, "audiences": concerns.audiences(),
    },
    TYPES, CATEGORIES, st.one_of(st.just(""), NAMES),
    st.builds(Concerns, networks=some(NAMES), bodies=some(NAMES), care_groups=some(NAMES), staff=st.booleans()),
)  # fmt: skip


@pytest.fixture(scope="module")
def stored() -> Any:
    """A database with the tables of notifications, alone."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine, [alerts, alert_audiences])
    return engine


def in_storage(engine: Any, picker: Picker, change: dict[str, Any]) -> bool:
    """Whether the query finds the one alert that there is."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    row = dict.fromkeys(("message_id", "headline", "significance", "path", "network_id", "actor"), "")
    row |= {"offset": 1, "time": moment, "stored_at": moment}  # type: ignore[dict-item]
    with engine.connect() as connection:
        connection.execute(insert(alerts), {**row, **{k: v for k, v in change.items() if k != "audiences"}})
        if change["audiences"]:
            told = [{"audience": audience, "offset": 1} for audience in change["audiences"]]
            connection.execute(insert(alert_audiences), told)
        found = connection.execute(select(alerts.c.offset).where(picked(picker))).first() is not None
        connection.rollback()
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(picker=PICKERS, change=CHANGES)
def test_storage_and_the_live_path_pick_the_same(stored: Any, picker: Picker, change: dict[str, Any]) -> None:
    assert in_storage(stored, picker, change) == picker.matches(**change)


@given(picker=PICKERS, change=CHANGES)
def test_what_is_picked_is_found_by_its_keys(picker: Picker, change: dict[str, Any]) -> None:
    if picker.matches(**change):
        assert set(filed_under(picker)) & set(keys_of(change))


@pytest.mark.parametrize(
    ("pattern", "type_", "is_one"),
    [
        ("networks.registry.*", "networks.registry.network.changed.v1", True),
        ("networks.registry.*", "networks.registry-old.network.changed.v1", False),
        ("networks.registry", "networks.registry.network.changed.v1", False),
        ("networks.registry.network.changed.v1", "networks.registry.network.changed.v1", True),
        ("networks.registry.network.changed.v1", "networks.registry.network.changed.v10", False),
    ],
)
def test_a_pattern_is_a_type_or_its_beginning_in_whole_parts(pattern: str, type_: str, is_one: bool) -> None:
    assert is_type(pattern, type_) == is_one


@pytest.mark.parametrize("text", ["*", "networks.*.changed", "networks..*", "Networks.*", "a b", "", ".*"])
def test_other_patterns_are_refused(text: str) -> None:
    assert not TYPE_PATTERN.fullmatch(text)


def test_the_most_selective_list_files_a_subscription() -> None:
    assert filed_under(Picker(networks=("n",), categories=("news",))) == ["network:n"]
    assert filed_under(Picker(types=("a.*", "a.b"), categories=("news",))) == ["type:a", "type:a.b"]
    assert filed_under(Picker()) == ["everything"]
