"""Who leads what."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from services.registry import queries
from services.registry.api.networks import Limit
from services.registry.schemas.leads import LedNetworks, Understood
from shared.auth import Principal, Session, anyone, may
from shared.boundary import Router

router = Router(tags=["networks"])


@router.get("/leads")
async def list_leads(
    session: Session, care_group: str = "", sha: str = "", role: str = "",
    q: Annotated[str, Query(max_length=200, description="Words, or a question: who leads stroke in London?")] = "",
    limit: Limit = 100, cursor: str | None = None, _by: Principal = may(anyone, "networks:read"),
) -> LedNetworks:  # fmt: skip
    """Who leads the networks of a care group in the area of an oversight body, or what a question asks for."""
    question = await queries.question_in(session, q) or queries.Question(q)
    area, role = sha or question.sha, role or question.role
    chosen = {facet: value for facet, value in (("care_group", care_group), ("sha", area)) if value}
    asked = queries.Asked(question.words, chosen)
    items, page = await queries.led_networks(session, asked, role=role, limit=limit, cursor=cursor)
    meant = Understood(words=question.words, care_group=care_group, sha=area, role=role)
    return LedNetworks(items=items, next=page.next, total=page.total, at_least=page.at_least, understood=meant)
