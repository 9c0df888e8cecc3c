"""`/api/me/sessions`: where the caller is signed in, and ending that. The gateway's own, as it alone knows sessions."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.gateway.api import answering, caller
from services.gateway.signing_in.operations import ONE, PATH
from services.gateway.signing_in.session import Session
from shared.auth import Principal
from shared.errors import Forbidden, NotSignedIn

if TYPE_CHECKING:
    from services.gateway.edge import Edge


async def sessions(request: Request) -> Response:
    """Where the caller is signed in."""
    person = await _caller(request, "people:read")
    edge: Edge = request.app.state.edge
    here = await _here(request)
    items = [_shown(one, here) for one in await edge.sessions.of_person(person.person_id)]
    return JSONResponse({"items": items, "next": None, "total": len(items)}, headers={"cache-control": "no-store"})


async def end_others(request: Request) -> Response:
    """End the caller's sessions; the one that asks, if one does, goes on."""
    person = await _caller(request, "people:write")
    edge: Edge = request.app.state.edge
    here = await _here(request)
    await edge.sessions.end_others(person.person_id, here.key if here else "")
    await edge.ended(person.person_id)
    return Response(status_code=204)


async def end_one(request: Request) -> Response:
    """End one of the caller's sessions."""
    person = await _caller(request, "people:write")
    edge: Edge = request.app.state.edge
    await edge.sessions.end(person.person_id, request.path_params["session"])
    await edge.ended(person.person_id)
    return Response(status_code=204)


async def _here(request: Request) -> Session | None:
    """The session that asks; a token asks as itself, whatever cookie comes with it."""
    edge: Edge = request.app.state.edge
    return None if "authorization" in request.headers else await edge.sessions.session_of(request.cookies)


async def _caller(request: Request, scope: str) -> Principal:
    principal = await caller(request)
    if not principal.signed_in:
        raise NotSignedIn
    if not principal.has_scope(scope):
        raise Forbidden(f"The token lacks the scope '{scope}'; make one that has it.")
    return principal


def _shown(session: Session, here: Session | None) -> dict[str, Any]:
    kept = asdict(session)
    moments = {name: datetime.fromtimestamp(kept[name], UTC).isoformat() for name in ("began", "seen")}
    return {
        "id": session.key, **moments, "address": session.address, "agent": session.agent,
        "this": here is not None and here.key == session.key,
    }  # fmt: skip


def routes() -> list[Route]:
    """The three routes."""
    return [
        Route(f"/api{PATH}", answering(sessions), methods=["GET"]),
        Route(f"/api{PATH}", answering(end_others), methods=["DELETE"]),
        Route(f"/api{ONE}", answering(end_one), methods=["DELETE"]),
    ]
