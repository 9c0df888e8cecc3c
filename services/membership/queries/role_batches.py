"""Reading the roles that were given and ended in many networks together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.role_batches import NoSuchRoleBatch
from services.membership.queries import UNKNOWN
from services.membership.schemas import role_batches as schemas
from services.membership.tables import Network, Person, Role, RoleBatch, RoleBatchEffect
from shared.db import among, total_of


async def role_batches_page(
    session: AsyncSession, *, before: str, limit: int
) -> tuple[list[schemas.RoleBatch], str | None, int]:
    """The newest, before the one with id *before* where it is given: (batches, the next cursor, how many in all)."""
    query = select(RoleBatch).order_by(RoleBatch.id.desc()).limit(limit + 1)
    found = list(await session.scalars(query.where(RoleBatch.id < before) if before else query))
    total = await total_of(session, RoleBatch, [], found, limit=limit, first=not before)
    people = {person for one in found for person in (one.person_id, one.made_by, one.undone_by)}
    names = await _names(session, people)
    return [_shown(one, names) for one in found[:limit]], found[limit - 1].id if len(found) > limit else None, total


async def role_batch_at(session: AsyncSession, batch_id: str) -> schemas.WholeRoleBatch:
    """One, with its networks in the order of their names. Raises NoSuchRoleBatch."""
    batch = await session.get(RoleBatch, batch_id)
    if batch is None:
        raise NoSuchRoleBatch
    query = select(RoleBatchEffect, Network).join(Network, Network.id == RoleBatchEffect.network_id)
    query = query.where(RoleBatchEffect.batch_id == batch_id).order_by(Network.name, Network.id)
    rows = list(await session.execute(query))
    held = await _before(session, [effect for effect, _ in rows])
    names = await _names(session, {batch.person_id, batch.made_by, batch.undone_by, *held.values()})
    networks = [
        schemas.RoleBatchNetwork(
            id=network.id, slug=network.slug, name=network.name, kept=effect.kept,
            before=[names.get(held[mark["id"]], UNKNOWN) for mark in effect.touched if mark["id"] in held],
        )
        for effect, network in rows
    ]  # fmt: skip
    return schemas.WholeRoleBatch(**_shown(batch, names).model_dump(), networks=networks)


async def _before(session: AsyncSession, effects: Iterable[RoleBatchEffect]) -> dict[str, str]:
    """Role → who had it, for the roles that ended."""
    ended = [mark["id"] for effect in effects for mark in effect.touched if "until" in mark]
    rows: Any = await session.execute(select(Role.id, Role.person_id).where(among(session, Role.id, ended)))
    return dict(rows.all())


async def _names(session: AsyncSession, ids: set[str]) -> dict[str, str]:
    rows: Any = await session.execute(select(Person.id, Person.name).where(among(session, Person.id, sorted(ids))))
    return dict(rows.all())


def _shown(batch: RoleBatch, names: dict[str, str]) -> schemas.RoleBatch:
    called = {"name": names.get(batch.person_id, UNKNOWN)}
    called |= {"made_by_name": names.get(batch.made_by, ""), "undone_by_name": names.get(batch.undone_by, "")}
    return schemas.RoleBatch.model_validate(batch).model_copy(update=called)
