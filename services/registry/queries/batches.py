"""Reading the changes that were made to many networks together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.batches import NoSuchBatch
from services.registry.queries.cursors import cursor_of, position_in
from services.registry.schemas import batches as schemas
from services.registry.tables import Batch, BatchEffect, Network, Person
from shared.db import total_of


async def batches_page(
    session: AsyncSession, *, before: str, limit: int
) -> tuple[list[schemas.Batch], str | None, int]:
    """The newest, before the one with id *before* where it is given: (batches, the next cursor, how many in all)."""
    query = select(Batch).order_by(Batch.id.desc()).limit(limit + 1)
    found = list(await session.scalars(query.where(Batch.id < before) if before else query))
    total = await total_of(session, Batch, [], found, limit=limit, first=not before)
    names = await _names(session, found[:limit])
    items = [_shown(batch, names) for batch in found[:limit]]
    return items, items[-1].id if len(found) > limit else None, total


async def batch_at(session: AsyncSession, batch_id: str) -> schemas.WholeBatch:
    """One, with its first networks in the order of their names. Raises NoSuchBatch."""
    batch = await session.get(Batch, batch_id)
    if batch is None:
        raise NoSuchBatch
    shown = _shown(batch, await _names(session, [batch]))
    networks, _, _ = await networks_page(session, batch_id, outcome="", limit=schemas.MOST, cursor="")
    return schemas.WholeBatch(**{**shown.model_dump(), "fields": shown.change}, networks=networks)


async def networks_page(
    session: AsyncSession, batch_id: str, *, outcome: str, limit: int, cursor: str
) -> tuple[list[schemas.BatchNetwork], str | None, int]:
    """The networks of one, those of one *outcome* if given, by name: (networks, the next cursor, how many in all)."""
    mine = [BatchEffect.batch_id == batch_id, *([BatchEffect.outcome == outcome] if outcome else [])]
    query = select(
        Network.id, Network.slug, Network.name, Network.sort_name, BatchEffect.before, BatchEffect.kept,
        BatchEffect.outcome, BatchEffect.why,
    ).join(BatchEffect, BatchEffect.network_id == Network.id).where(*mine)  # fmt: skip
    if cursor:
        query = query.where(tuple_(Network.sort_name, Network.id) > position_in(cursor))
    rows = (await session.execute(query.order_by(Network.sort_name, Network.id).limit(limit + 1))).mappings().all()
    total = await total_of(session, BatchEffect, mine, rows, limit=limit, first=not cursor)
    following = cursor_of(rows[limit - 1]["sort_name"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return [schemas.BatchNetwork.model_validate(dict(row)) for row in rows[:limit]], following, total


def _shown(batch: Batch, names: dict[str, str]) -> schemas.Batch:
    called = {"made_by_name": names.get(batch.made_by, ""), "undone_by_name": names.get(batch.undone_by, "")}
    return schemas.Batch.model_validate(batch).model_copy(update=called)


async def _names(session: AsyncSession, found: Sequence[Batch]) -> dict[str, str]:
    ids = {person for batch in found for person in (batch.made_by, batch.undone_by) if person}
    rows: Any = await session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return dict(rows.all())
