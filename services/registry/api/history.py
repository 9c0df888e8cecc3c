"""The changes of a network."""

from __future__ import annotations

from services.registry import queries
from services.registry.api.networks import Limit
from services.registry.schemas.history import Entry
from shared.auth import Principal, Session, anyone, may
from shared.boundary import Router
from shared.fields import Page

router = Router(tags=["networks"])


@router.get("/networks/{network_id}/history")
async def list_history(
    network_id: str, session: Session, limit: Limit = 25, cursor: str | None = None,
    _by: Principal = may(anyone, "networks:read"),
) -> Page[Entry]:  # fmt: skip
    """The changes of a network, newest first."""
    network = await queries.network_at(session, network_id)
    entries = await queries.history_page(session, network.id, limit=limit + 1, cursor=cursor)
    following = entries[limit - 1].id if len(entries) > limit else None
    return Page(items=entries[:limit], next=following, total=await queries.history_count(session, network.id))
