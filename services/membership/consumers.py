"""What membership learns from others: the networks that there are."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.tables import Network
from shared.db import upsert_newer
from shared.envelope import Envelope


class _Network(BaseModel):
    id: str
    revision: int
    slug: str
    name: str
    care_group: str
    bodies: list[str]
    archived: bool


async def on_networks(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep what headlines and `/me` say of a network, and whom its changes concern."""
    rows = [_Network.model_validate(m.state).model_dump() for m in messages if m.data]
    await upsert_newer(session, Network.__table__, rows)  # type: ignore[arg-type]
