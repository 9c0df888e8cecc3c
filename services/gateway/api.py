"""`/api`: every service's routes at one address, bytes through.

The gateway adds who asks (a signed token) and takes nothing away but what is internal; each service decides.
"""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.gateway import asyncapi, failures, needs, searching
from services.gateway.changes import followed
from services.gateway.foresight import foreseen, wants_preview
from services.gateway.gone_wrong import ACCIDENT, LEFT
from services.gateway.inviting import PATHS, warned
from services.gateway.openapi import Routes
from services.gateway.within import Answer
from shared.auth import ANYBODY, Principal
from shared.errors import NotFound, NotSignedIn, Problem, Unprocessable
from shared.logging import correlation
from shared.problems import answer

if TYPE_CHECKING:
    from services.gateway.edge import Edge

log = structlog.get_logger()
PASSED_IN = ("accept", "content-type", "if-match", "if-none-match", "idempotency-key")
PASSED_OUT = (
    "content-type", "content-disposition", "etag", "idempotent-replay", "link", "retry-after", "www-authenticate",
    "allow",
)  # fmt: skip
KEPT = "/%?&=+:@!$'()*,;~[]"
"""What an address may hold as it is, besides letters and figures; what it holds encoded stays so."""
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def routes() -> list[Route]:
    """The API's own routes, then everything else under `/api`."""
    return [
        Route("/api/openapi.json", answering(openapi_document)),
        Route("/api/asyncapi.json", answering(asyncapi_document)),
        Route("/api/changes/{message_id}", answering(change)),
        Route("/api/search", answering(search)),
        Route("/api/needs", answering(list_needs)),
        Route("/api/failures", answering(list_failures)),
        Route("/api/failures/{service}/{number:int}/{how}", answering(settle_failure), methods=["POST"]),
        Route("/api/{path:path}", answering(passed_on), methods=["GET", *CHANGING]),
    ]


async def openapi_document(request: Request) -> Response:
    """The merged OpenAPI document."""
    edge: Edge = request.app.state.edge
    known: Routes = request.app.state.routes
    return _zipped(request, await known.whole(edge.settings))


async def asyncapi_document(request: Request) -> Response:
    """The AsyncAPI document."""
    known: Routes = request.app.state.routes
    await known.whole(request.app.state.edge.settings)
    return _zipped(request, asyncapi.document(request.app.state.edge.settings, known.takes()))


def _zipped(request: Request, document: Mapping[str, Any]) -> Response:
    """A document, compressed where the client takes that: it is long, and says the same words often."""
    content, headers = orjson.dumps(document), {"vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["content-encoding"] = _compressed(content), "gzip"
    return Response(content, 200, headers, media_type="application/json")


@lru_cache(4)
def _compressed(content: bytes) -> bytes:
    """Compressed once for each content: the two documents, and what they were before a service came."""
    return gzip.compress(content, 9)


async def change(request: Request) -> Response:
    """The fan-out of one change."""
    edge: Edge = request.app.state.edge
    principal = await caller(request)
    return JSONResponse(await followed(edge.clients, request.path_params["message_id"], principal))


async def search(request: Request) -> Response:
    """One search over everything that the caller may see."""
    edge: Edge = request.app.state.edge
    q, limit = searching.asked(request.query_params.get("q", "")), request.query_params.get("limit", "5")
    if len(q) > searching.LONGEST or limit not in searching.LIMITS:
        raise Unprocessable(f"`q` has at most {searching.LONGEST} characters, and `limit` is from 1 to 25.")
    wanted = searching.Search(edge.clients, await caller(request), q, int(limit))
    return JSONResponse(searching.as_json(await searching.everything(wanted)), headers={"cache-control": "no-store"})


async def list_needs(request: Request) -> Response:
    """What needs somebody of the staff."""
    edge: Edge = request.app.state.edge
    found = await needs.sections(edge.clients, await caller(request))
    return JSONResponse(needs.as_json(found), headers={"cache-control": "no-store"})


async def list_failures(request: Request) -> Response:
    """What the services could not take."""
    edge: Edge = request.app.state.edge
    return JSONResponse(await failures.waiting(edge.clients, await caller(request)))


async def settle_failure(request: Request) -> Response:
    """Try one again, or give it up."""
    edge: Edge = request.app.state.edge
    principal, place = await caller(request), request.path_params
    if place["how"] not in ("retry", "discard"):
        raise NotFound("A failure can be sent to `retry` or to `discard`.")
    reason = ""
    if place["how"] == "discard":
        reason = reason_in(await request.body())
    await failures.settle(edge.clients, principal, place["service"], place["number"], place["how"], reason)
    return Response(status_code=204)


def reason_in(content: bytes) -> str:
    """The reason in a body. Raises Unprocessable where there is none."""
    try:
        reason = orjson.loads(content)["reason"]
    except (ValueError, KeyError, TypeError):
        raise Unprocessable('Say why: {"reason": "…"}.') from None
    return str(reason)


async def passed_on(request: Request) -> Response:
    """Any other route: to the service whose document has it."""
    edge: Edge = request.app.state.edge
    path = "/" + request.path_params["path"]
    service = await request.app.state.routes.service_of(path)
    if service is None:
        raise NotFound("There is nothing at this address; the API's document is at /api/openapi.json.")
    principal = await caller(request)
    if request.method in CHANGING and not principal.signed_in:
        throttle = edge.sessions.throttle
        await throttle.form(throttle.origin(request))
    content = await request.body()
    url = passed_url(request)
    headers: dict[str, Any] = {
        name.replace("-", "_"): request.headers[name] for name in PASSED_IN if name in request.headers
    }
    if request.method in CHANGING and wants_preview(request.query_params):
        found = await foreseen(
            edge.clients, service, request.method, url, principal=principal, content=content, **headers
        )
        return JSONResponse(found, headers={"cache-control": "no-store"})
    method = "GET" if request.method == "HEAD" else request.method
    answered = await edge.clients.raw(service, method, url, principal=principal, content=content, **headers)
    if request.method in CHANGING and path.startswith(("/me", "/people", "/tokens")) and principal.signed_in:
        for person_id in {principal.person_id, *path.split("/")[2:3]}:
            await edge.sessions.forget(person_id)
    content = await warned(edge.clients, answered) if PATHS.fullmatch(path) else answered.content
    return Response(content, answered.status_code, out_headers(answered))


def passed_url(request: Request) -> str:
    """The address as it was sent, byte for byte: a sign that only an encoding may carry stays encoded."""
    sent = request.scope.get("raw_path", b"").partition(b"?")[0] or quote(request.url.path).encode()
    query = request.scope["query_string"].decode("latin-1")
    return quote(sent.decode("latin-1"), safe=KEPT).removeprefix("/api") + (
        f"?{quote(query, safe=KEPT)}" if query else ""
    )


def out_headers(answered: Answer) -> Mapping[str, str]:
    """The headers that pass, with addresses as they are from outside."""
    headers = {name: answered.headers[name] for name in PASSED_OUT if name in answered.headers}
    if location := answered.headers.get("location"):
        headers["location"] = location if location.startswith("/api") else f"/api{location}"
    return headers | {"cache-control": "no-store", "x-content-type-options": "nosniff"}


async def caller(request: Request) -> Principal:
    """Who asks: a personal token, or a session with, for changes, the form token in `X-CSRF-Token`; and once more.

    Raises NotSignedIn, FormExpired, TooManyTries.
    """
    edge: Edge = request.app.state.edge
    throttle = edge.sessions.throttle
    principal = await _who(request, edge)
    await throttle.api(principal.person_id, throttle.origin(request))
    return principal


async def _who(request: Request, edge: Edge) -> Principal:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn("Send the token as 'Authorization: Bearer <token>'.")
        return await edge.sessions.principal_of_token(token.strip())
    session = await edge.sessions.session_of(request.cookies)
    if session is None:
        return ANYBODY
    if request.method in CHANGING:
        edge.sessions.require_form_token(session.id, request.headers.get("x-csrf-token", ""))
    return await edge.sessions.principal(session)


Endpoint = Callable[[Request], Awaitable[Response]]


def answering(function: Endpoint) -> Endpoint:
    """*function* with its problems answered as problem documents."""

    async def endpoint(request: Request) -> Response:
        try:
            return await function(request)
        except Problem as problem:
            return answer(problem)
        except ClientDisconnect:
            return Response(status_code=LEFT)
        except Exception as error:
            log.error("request_failed", method=request.method, path=request.url.path, exc_info=error)
            return answer(Problem(ACCIDENT, reference=correlation.get()))

    endpoint.__name__ = function.__name__
    return endpoint
