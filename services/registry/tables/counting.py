"""The triggers that keep `facet_counts`, as statements: for the migration that first makes them, and for any later one
that adds a facet.

They are triggers so that whatever changes a network keeps the counts: a form, an import, a million rows copied in. They
append and never update, so that two changes at once do not wait for one another at the row of what both are alike in.
"""

# ruff: noqa: S608 (statements of our own names alone)
from __future__ import annotations

from collections.abc import Iterator, Sequence


def statements(dialect: str, facets: Sequence[str], *, again: bool = False) -> Iterator[str]:
    """What makes the triggers and counts anew; *again*: for *facets* other than the present ones."""
    if dialect == "sqlite":
        yield from _sqlite(facets, again)
    else:
        yield from _postgresql(facets)


def _sqlite(facets: Sequence[str], again: bool) -> Iterator[str]:
    more, less = (_appended(f"{row}.", facets, n) for row, n in (("new", 1), ("old", -1)))
    named = ", ".join([*facets, "bodies", "archived"])
    triggers = {
        "facet_counts_new": f"INSERT ON networks BEGIN {more}; END",
        "facet_counts_gone": f"DELETE ON networks BEGIN {less}; END",
        "facet_counts_changed": f"UPDATE OF {named} ON networks BEGIN {less}; {more}; END",
    }
    for name, trigger in triggers.items():
        if again:
            yield f"DROP TRIGGER {name}"
        yield f"CREATE TRIGGER {name} AFTER {trigger}"
    yield "DELETE FROM facet_counts"
    combined = _array("json_array", "", facets)
    yield (
        f"INSERT INTO facet_counts (combination, networks, is_sum) SELECT {combined}, count(*), 1"
        " FROM networks WHERE NOT archived GROUP BY 1"
    )


def _appended(row: str, facets: Sequence[str], networks: int) -> str:
    combined = _array("json_array", row, facets)
    return (
        "INSERT INTO facet_counts (combination, networks, is_sum)"
        f" SELECT {combined}, {networks}, 0 WHERE NOT {row}archived"
    )


def _array(function: str, row: str, facets: Sequence[str]) -> str:
    bodies = f"json({row}bodies)" if function == "json_array" else f"{row}bodies"
    return f"{function}({', '.join(f'{row}{facet}' for facet in facets)}, {bodies})"


def _postgresql(facets: Sequence[str]) -> Iterator[str]:
    """Once a statement, not once a row: what a copy of a million rows brings is summed before it is appended."""
    more, less = _alike("added", "count(*)", facets), _alike("gone", "-count(*)", facets)
    yield _function("networks_counted_new", more)
    yield _function("networks_counted_gone", less)
    yield _function("networks_counted_changed", f"{more} UNION ALL {less}")
    yield _trigger("networks_counted_new", "INSERT", "NEW TABLE AS added")
    yield _trigger("networks_counted_gone", "DELETE", "OLD TABLE AS gone")
    yield _trigger("networks_counted_changed", "UPDATE", "OLD TABLE AS gone NEW TABLE AS added")
    yield "DELETE FROM facet_counts"
    yield (
        "INSERT INTO facet_counts (combination, networks, is_sum)"
        f" SELECT c.combination, c.networks, true FROM ({_alike('networks', 'count(*)', facets)}) AS c"
    )


def _alike(table: str, networks: str, facets: Sequence[str]) -> str:
    combined = _array("jsonb_build_array", "", facets)
    return (
        f"SELECT {combined}::text AS combination, {networks} AS networks FROM {table} WHERE NOT archived"
        " GROUP BY 1"
    )  # fmt: skip


def _function(name: str, alike: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO facet_counts (combination, networks, is_sum)"
        f" SELECT c.combination, sum(c.networks), false FROM ({alike}) AS c GROUP BY 1 HAVING sum(c.networks) <> 0;"
        " RETURN NULL; END $$"
    )


def _trigger(name: str, event: str, tables: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON networks REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
