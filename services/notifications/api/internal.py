"""What the gateway asks for its streams. Never exposed outside."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request

from services.notifications import alerts, inbox
from services.notifications.api.alerts import standing
from services.notifications.audience import rules_of
from services.notifications.commands.tellings import count_tellings
from services.notifications.counts import counted
from services.notifications.queries.readers import suppressed_among
from services.notifications.schemas.alerts import Alert, AlertWire, Missed, ReaderOut, Wires
from services.notifications.schemas.readers import Suppression
from services.notifications.schemas.tellings import Measured
from shared.auth import Principal, Session, gateway_only, may
from shared.boundary import Question, Router

router = Router(include_in_schema=False)
asking = APIRouter(include_in_schema=False, route_class=Question)
Offset = Annotated[int, Query(ge=0, le=2**62)]
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get("/internal/reader/{person_id}")
async def reader(
    person_id: str, request: Request, session: Session, _by: Principal = may(gateway_only, "internal")
) -> ReaderOut:
    """What a person is told and in which form, and how many alerts they have not read."""
    counts = await counted(session, request.app.state.parts.store, person_id)
    rules = await rules_of(session, person_id)
    return ReaderOut(**standing(counts), audiences=rules.audiences, networks=rules.networks)


@router.get("/internal/alerts")
async def all_alerts(
    session: Session, after: Offset = 0, limit: Limit = 500, _by: Principal = may(gateway_only, "internal")
) -> Wires:
    """What everybody was told after an offset, oldest first."""
    epoch, newest = await alerts.head(session)
    wires = await alerts.wires_after(session, after=after, limit=limit)
    return Wires(epoch=epoch, head=newest, items=[AlertWire.model_validate(wire) for wire in wires])


@router.get("/internal/inbox/{person_id}")
async def missed(
    person_id: str, session: Session, after: Offset = 0, limit: Limit = 200,
    _by: Principal = may(gateway_only, "internal"),
) -> Missed:  # fmt: skip
    """What one person was told after an offset, oldest first; the newest of it where that is too much."""
    epoch, newest = await alerts.head(session)
    found = await inbox.following(session, person_id, after=after, limit=limit + 1)
    too_far = len(found) > limit
    if too_far:
        candidates = await inbox.candidates_of(session, person_id, inbox.Wanted())
        found = await inbox.newest(session, person_id, before=2**62, limit=limit, candidates=candidates)
        found.reverse()
    return Missed(epoch=epoch, head=newest, items=[Alert.model_validate(item) for item in found], too_far=too_far)


@asking.post("/internal/suppressed")
async def suppressed(
    body: Annotated[list[str], Body(max_length=200)], session: Session, _by: Principal = may(gateway_only, "internal")
) -> list[Suppression]:
    """Those of some addresses that get no mail, and why. A question: addresses stand in no address of a page."""
    return [Suppression(**row) for row in await suppressed_among(session, body)]


@router.post("/internal/tellings", status_code=204)
async def take_measured(
    body: Annotated[list[Measured], Body(max_length=2000)], session: Session,
    _by: Principal = may(gateway_only, "internal"),
) -> None:  # fmt: skip
    """Count what the gateway measured on its open streams."""
    await count_tellings(session, [(one.day, one.way, one.milliseconds, one.count) for one in body])
