"""History: every change of every aggregate, by whom, when, why, before and after. Rows are never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, Index, Integer, Table, Text, func, insert, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import JsonB, UtcDateTime, kernel
from shared.envelope import Envelope
from shared.made import Made

history = Table(
    "history",
    kernel,
    Column("id", Text, primary_key=True, comment="the message's id"),
    Column("subject", Text, nullable=False),
    Column("key", Text, nullable=False, comment="the network's id, or the subject's"),
    Column("type", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("minor", Boolean, nullable=False),
    Column("headline", Text, nullable=False),
    Column("changes", JsonB, nullable=False),
    Column("state", JsonB, nullable=False),
    Index("history_of_subject", "subject", "revision"),
    Index("history_of_key", "key", "time"),
)

_ADD = Made(insert(history))


async def write_history(session: AsyncSession, entries: Sequence[tuple[Envelope, str, bool]]) -> None:
    """Add an entry for each (envelope, reason, minor)."""
    if entries:
        await _ADD.insert(session, [entry_row(*entry) for entry in entries])


def entry_row(envelope: Envelope, reason: str, minor: bool) -> dict[str, Any]:
    """The entry that tells of *envelope*."""
    announced, data = envelope.announcement, envelope.data or {}
    return {
        "id": envelope.id, "subject": envelope.subject, "key": envelope.key, "type": envelope.type,
        "revision": envelope.revision, "time": envelope.time, "actor": envelope.actor, "reason": reason,
        "minor": minor, "headline": announced.headline if announced else "",
        "changes": data.get("changes") or {}, "state": data.get("state") or {},
    }  # fmt: skip


async def history_of(
    session: AsyncSession, key: str, *conditions: ColumnElement[bool], limit: int = 50, before: str = "~"
) -> list[dict[str, Any]]:
    """The newest entries of one key, newest first; *before* is the id of the last one already seen."""
    columns = [column for column in history.c if column.name != "state"]
    query = select(*columns).where(history.c.key == key, history.c.id < before, *conditions)
    rows = await session.execute(query.order_by(history.c.id.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]


async def last_changes(session: AsyncSession, subject: str, *, types: str) -> dict[str, dict[str, Any]]:
    """Field → the entry that changed it last, of one aggregate; the database looks through its history, we do not.

    *types* is how the types of its messages begin, such as `networks.registry.network.`.
    """
    mine = (history.c.subject == subject, history.c.type.startswith(types, autoescape=True))
    each = func.jsonb_each if session.get_bind().dialect.name == "postgresql" else func.json_each
    fields = each(history.c.changes).table_valued("key", name="fields")
    newest = select(fields.c.key, func.max(history.c.revision)).select_from(history.join(fields, true()))
    newest = newest.where(*mine).group_by(fields.c.key)
    revisions: dict[str, int] = dict((await session.execute(newest)).all())
    columns = [column for column in history.c if column.name not in ("state", "changes")]
    query = select(*columns).where(*mine, history.c.revision.in_(set(revisions.values())))
    entries = {row["revision"]: dict(row) for row in (await session.execute(query)).mappings()}
    return {field: entries[revision] for field, revision in revisions.items()}
