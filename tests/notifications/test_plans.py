"""What each change asks of the database reads an index that is small, however many members a network has."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, select

from services.notifications.app import service
from services.notifications.delivery.fanning import _eager_in, _is_wanted
from services.notifications.delivery.rows import due_longest
from services.notifications.tables import alerts
from shared import clock
from shared.migrations import upgrade

pytestmark = pytest.mark.fast


def _plan(connection: Connection, query: Any) -> str:
    """How SQLite, which has no figures about its tables here as in most places, would go about it."""
    said = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}"))


def test_whom_a_change_reaches_outside_the_pages_is_sought_among_the_eager_alone() -> None:
    with create_engine("sqlite://").begin() as connection:
        upgrade(connection, service.metadata, service.migrations)
        for query in (select(alerts.c.offset).where(alerts.c.offset > 1, _is_wanted()), _eager_in("network:n", "a")):
            plan = _plan(connection, query)
            assert "audience_members USING INDEX eager_of_audience" in plan and "people_of_audience" not in plan


def test_what_is_due_is_found_in_its_order_and_never_sorted() -> None:
    with create_engine("sqlite://").begin() as connection:
        upgrade(connection, service.metadata, service.migrations)
        plan = _plan(connection, due_longest(1000).params(moment=clock.now()))
    assert "deliveries USING INDEX deliveries_due (next_at<?)" in plan and "TEMP B-TREE" not in plan
