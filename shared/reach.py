"""Reach: whom a change would reach, asked before it is made.

    the change with `?preview=true` ─▶ its own service makes it and takes it back ─▶ what it said
                                                                                       │
    every service that has `reach` says what it would do because of that ◀────────────┘

Invariants:
1. The preview is the change: the same route, rule and refusals. Then its transaction is undone. Nothing is recorded,
   said or kept under an Idempotency-Key, and no hint is given.
2. What it said goes to the gateway alone, which gives the services' counts on and nothing else.
3. Whoever acts on messages predicts by the function by which they act. A new kind of change needs nothing here, and a
   new service declares its own `reach`.

What follows later (a network's health that turns, a search that comes to match) is told by changes of its own and is
not foreseen.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from shared.auth import Principal, Session, gateway_only, may
from shared.boundary import Question
from shared.envelope import Envelope

router = APIRouter(include_in_schema=False, route_class=Question)


class Because(BaseModel):
    """Some of those reached, and why. *count* is left out where the label alone says it."""

    reason: str
    label: str
    count: int | None = None


class Reach(BaseModel):
    """One way in which a change reaches somebody, or does not.

    *way* is for programs, *label* for people: what the counted are. *noun*, in the singular and the plural, is what
    the sentence that sums up calls them; empty where nobody is told.
    """

    way: str
    count: int
    label: str
    noun: tuple[str, str] | None = None
    because: list[Because] = []


@router.post("/internal/reach")
async def reach(
    messages: list[Envelope], request: Request, session: Session, _by: Principal = may(gateway_only, "internal")
) -> list[Reach]:
    """What this service would do because of *messages*, which nobody has said yet."""
    service = request.app.state.service
    found: list[Reach] = await service.reach(session, messages) if service.reach else []
    return found
