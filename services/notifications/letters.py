"""Mail for single alerts (in the making)."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession


async def order(session: AsyncSession, *, after: int) -> None:
    """Order a mail for everybody who wants each alert by mail."""
