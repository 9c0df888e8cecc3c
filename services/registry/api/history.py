"""The changes of a network."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from services.registry import queries
from services.registry.api.networks import Limit
from services.registry.schemas.history import Difference, Entry, FieldChange, RegisterDifference
from shared.auth import Principal, Session, anyone, may
from shared.boundary import Router
from shared.fields import AsOf, Page

From = Annotated[AsOf, Query(alias="from")]
To = Annotated[AsOf, Query(alias="to")]
router = Router(tags=["networks"])


@router.get("/networks/{network_id}/history")
async def list_history(
    network_id: str, session: Session, limit: Limit = 25, cursor: str | None = None,
    by: Principal = may(anyone, "networks:read"),
) -> Page[Entry]:  # fmt: skip
    """The changes of a network, as far as you may see them, newest first."""
    network = await queries.network_at(session, network_id)
    return await queries.history_page(session, network.id, by, limit=limit, cursor=cursor)


@router.get("/networks/{network_id}/fields")
async def list_fields(
    network_id: str, session: Session, _by: Principal = may(anyone, "networks:read")
) -> Page[FieldChange]:
    """Each field of a network, with who changed it last, when and why."""
    network = await queries.network_at(session, network_id)
    items = await queries.fields_of(session, network)
    return Page(items=items, total=len(items))


@router.get("/networks/{network_id}/difference")
async def get_difference(
    network_id: str, session: Session, before: From, after: To, _by: Principal = may(anyone, "networks:read")
) -> Difference:
    """What a network differs in between two days (or moments)."""
    network = await queries.network_at(session, network_id)
    return await queries.difference_of(session, network, before, after)


@router.get("/networks/compare")
async def compare_register(
    session: Session, before: From, after: To, q: Annotated[str, Query(max_length=200)] = "", type: str = "",
    care_group: str = "", level: str = "", purpose: str = "", side: str = "", stage: str = "", sha: str = "",
    limit: Limit = 25, cursor: str | None = None, _by: Principal = may(anyone, "networks:read"),
) -> RegisterDifference:  # fmt: skip
    """What the register differs in between two days (or moments): networks added, changed, archived and restored."""
    wanted = {"type": type, "care_group": care_group, "level": level, "purpose": purpose, "side": side}
    chosen = {facet: value for facet, value in {**wanted, "stage": stage, "sha": sha}.items() if value}
    between = queries.Between(session, before, after, q=q, chosen=chosen)
    items, following, counts = await queries.differences_page(session, between, limit=limit, cursor=cursor)
    return RegisterDifference(
        items=items, next=following, total=sum(counts.values()), counts=counts, before=before, after=after
    )
