"""Versions: how each aggregate stood at a moment, so that any list can be shown as it stood on a date.

A service keeps a table of versions for each kind of aggregate whose lists it shows: it declares it with
`keep_versions`, and `publish` adds a row with every change.

Invariants:
1. A row commits with the change that it tells of and is never changed. It is in force from `valid_from` until the
   `valid_from` of the next revision.
2. `valid_from` never falls while the revision rises, although the clocks of two processes differ. So the version in
   force at a moment is found by one seek in an index: a list as of a date costs what the list costs, however long
   its history is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import FromClause, Select, Table, and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from shared.db import is_among, listed
from shared.envelope import Envelope
from shared.made import Made
from shared.rows import insert_rows


@dataclass(frozen=True, slots=True)
class _Kept:
    table: Table
    columns: Callable[[dict[str, Any]], dict[str, Any]]


_KEPT: dict[str, _Kept] = {}


def keep_versions(topic: str, table: Table, columns: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write a row of *table* for each change published on *topic*.

    *table* has `subject` and `revision` (its key), `valid_from`, `entry` (the id of the history's entry), an index of
    (subject, valid_from, revision), and what lists choose and order by: *columns* makes that of a state.
    """
    _KEPT[topic] = _Kept(table, columns)


async def write_versions(session: AsyncSession, envelopes: Sequence[Envelope]) -> None:
    """Add the versions that *envelopes* made, for the topics of which versions are kept."""
    async for table, rows in versions_of(session, envelopes):
        await insert_rows(session, table, rows)


async def versions_of(
    session: AsyncSession, envelopes: Sequence[Envelope]
) -> AsyncIterator[tuple[Table, list[dict[str, Any]]]]:
    """The same as rows, with the table that they are for."""
    for topic in {envelope.topic for envelope in envelopes} & _KEPT.keys():
        kept = _KEPT[topic]
        made = [envelope for envelope in envelopes if envelope.topic == topic and envelope.data]
        newest = await _newest(session, kept.table, [envelope.subject for envelope in made])
        rows = []
        for envelope in made:
            newest[envelope.subject] = max(envelope.time, newest.get(envelope.subject, envelope.time))
            rows.append(
                {
                    "subject": envelope.subject, "revision": envelope.revision, "entry": envelope.id,
                    "valid_from": newest[envelope.subject], **kept.columns(envelope.state),
                }
            )  # fmt: skip
        if rows:
            yield kept.table, rows


async def _newest(session: AsyncSession, table: Table, subjects: Sequence[str]) -> dict[str, datetime]:
    """Subject → when its newest version began, for those that have one."""
    return dict(await _begun(table).rows(session, {"subjects": listed(session, subjects)}))


@cache
def _begun(table: Table) -> Made:
    subject, began = table.c.subject, func.max(table.c.valid_from).label("began")
    return Made(lambda dialect: select(subject, began).where(is_among(dialect, subject, "subjects")).group_by(subject))


def with_version(
    session: AsyncSession, query: Select[Any], table: Table, *, of: Any, at: datetime, optional: bool = False
) -> tuple[Select[Any], FromClause]:
    """*query* joined with the version that was in force at *at*: (the query, that version's columns).

    *of* is the column of *query* with the aggregate's id. What was not there yet is left out, or null when *optional*.
    """
    if session.get_bind().dialect.name == "postgresql":
        found = _in_force(select(table), table, of, at).lateral()
        return query.join(found, true(), isouter=optional), found
    version, sought = table.alias(), table.alias()
    revision = _in_force(select(sought.c.revision), sought, of, at).scalar_subquery()
    on = and_(version.c.subject == _looked_up_from(of), version.c.revision == revision)
    return query.join(version, on, isouter=optional), version


def _looked_up_from(of: Any) -> Any:
    """*of* with a plus before it, which lets SQLite use no index of *of*: so it goes through the aggregates and seeks
    the version of each. Else it goes through all versions there ever were and looks up the aggregate of each.
    """
    return UnaryExpression(of, operator=custom_op("+"), type_=of.type)


def _in_force(query: Select[Any], table: FromClause, of: Any, at: datetime) -> Select[Any]:
    """The last row of *of* that began by *at*."""
    begun = query.where(table.c.subject == of, table.c.valid_from <= at)
    return begun.order_by(table.c.valid_from.desc(), table.c.revision.desc()).limit(1)
