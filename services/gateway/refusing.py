"""What is refused before any route sees it: a page for who reads pages, a problem document for programs."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.edge import Edge
from services.gateway.gone_wrong import problem_page
from services.gateway.visit import Visit
from shared.auth import ANYBODY
from shared.errors import Problem
from shared.problems import answer

FOR_PROGRAMS = ("/api/", "/fhir/", "/live/")


def refusing(edge: Edge) -> Callable[[Problem], ASGIApp]:
    """Problem → what answers with it. Nobody counts as signed in: who sent it is what is in doubt."""

    def refused(problem: Problem) -> ASGIApp:
        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            visit = Visit(Request(scope), edge, None, ANYBODY)
            response = problem_page(visit, problem) if _reads_pages(visit.request) else answer(problem)
            await response(scope, receive, send)

        return answered

    return refused


def _reads_pages(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(FOR_PROGRAMS)
