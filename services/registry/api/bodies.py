"""The oversight bodies."""

from __future__ import annotations

from services.registry import queries
from services.registry.schemas.bodies import BodyOut
from shared.auth import Principal, Session, anyone, may
from shared.boundary import Router
from shared.fields import Page

router = Router(tags=["networks"])


@router.get("/bodies")
async def list_bodies(session: Session, _by: Principal = may(anyone, "networks:read")) -> Page[BodyOut]:
    """The oversight bodies."""
    items = [BodyOut.model_validate(body) for body in await queries.bodies(session)]
    return Page(items=items, total=len(items))
