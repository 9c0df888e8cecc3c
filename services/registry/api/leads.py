"""Who leads what."""

from __future__ import annotations

from services.registry import queries
from services.registry.schemas.leads import LedNetwork
from shared.auth import Principal, Session, anyone, may
from shared.boundary import Router
from shared.fields import Page

router = Router(tags=["networks"])


@router.get("/leads")
async def list_leads(
    session: Session, care_group: str = "", sha: str = "", _by: Principal = may(anyone, "networks:read")
) -> Page[LedNetwork]:
    """Who leads the networks of a care group in the area of an oversight body."""
    found = await queries.led_networks(session, care_group=care_group, sha=sha)
    return Page(items=found, total=len(found))
