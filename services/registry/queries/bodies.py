"""The oversight bodies."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.tables import Body


async def bodies(session: AsyncSession) -> list[Body]:
    """The oversight bodies, in the order of their codes."""
    return list((await session.execute(select(Body).order_by(Body.code))).scalars())
