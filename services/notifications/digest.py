"""The newsletter that drafts itself (in the making)."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import Told


async def add_to_draft(session: AsyncSession, told: Told) -> None:
    """Add what was told to the open draft."""
