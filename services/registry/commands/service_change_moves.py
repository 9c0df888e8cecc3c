"""Service changes follow a network into the one that it becomes part of."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.service_change_telling import said, state_of
from services.registry.commands.service_changes import touch
from services.registry.tables import ServiceChange
from shared.auth import Principal
from shared.contracts.registry import SERVICE_CHANGE_MOVED
from shared.outbox import publish


async def move_service_changes(
    session: AsyncSession, *, from_: str, to: str, by: Principal, reason: str = "", only: Collection[str] | None = None
) -> list[ServiceChange]:
    """Let *to* be the network of what *from_* proposed or decided, or of that of it whose ids are *only*; returns it.
    What was withdrawn stays where it was.

    Decisions stand: they were the network's. Each is said and none is announced: the merger is the news.
    """
    query = select(ServiceChange).where(ServiceChange.network_id == from_, ServiceChange.status != "withdrawn")
    if only is not None:
        query = query.where(ServiceChange.id.in_(only))
    moving = list((await session.execute(query.order_by(ServiceChange.id).with_for_update())).scalars())
    for found in moving:
        before = await state_of(session, found)
        found.network_id = to
        touch(found)
        moved = await said(
            session, SERVICE_CHANGE_MOVED, found, "moved", by=by, before=before, reason=reason, minor=True
        )
        await publish(session, moved)
    return moving
