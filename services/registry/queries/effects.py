"""What the register did because of one message, for the page that follows a change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.tables import Network, Standard, Standing


async def effects(session: AsyncSession, message_id: str) -> list[dict[str, Any]]:
    """The standards that networks meet, or no longer meet, because of one message."""
    query = (
        select(Network.name, Standard.name, Standing.met, Standing.since)
        .join(Network, Network.id == Standing.network_id)
        .join(Standard, Standard.id == Standing.standard_id)
        .where(Standing.cause == message_id)
        .order_by(Network.sort_name, Standard.place)
    )
    return [
        {"kind": "standard", "what": f"{standard} of {network}", "time": since, "count": 1,
         "outcome": "met" if met else "not met"}
        for network, standard, met, since in await session.execute(query.limit(100))
    ]  # fmt: skip
