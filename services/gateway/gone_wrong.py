"""What went wrong, said to whoever asked for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from shared.errors import Problem
from shared.logging import correlation

if TYPE_CHECKING:
    from services.gateway.visit import Visit

log = structlog.get_logger()
ACCIDENT = "Something went wrong on our side. Look how it stands before you try again, and quote the reference."
LEFT = 499
"""Whoever asked went away before they had asked: nobody reads this answer, but it is counted (nginx's number)."""


def failed(visit: Visit, error: Exception) -> Response:
    """The page that says what went wrong."""
    if isinstance(error, Problem):
        return problem_page(visit, error)
    if isinstance(error, ClientDisconnect):
        return Response(status_code=LEFT)
    log.error("page_failed", path=visit.request.url.path, exc_info=error)
    return problem_page(visit, Problem(ACCIDENT, reference=correlation.get()))


def sign_in_first(visit: Visit) -> Response:
    """Send a visitor to the sign-in page, and back here afterwards."""
    return visit.back(f"/sign-in?next={visit.asked_at}")


def problem_page(visit: Visit, problem: Problem) -> Response:
    """A page that says what happened and what to do."""
    if visit.is_fragment:
        return Response(status_code=204, headers={"hx-reswap": "none"})
    response = visit.page("problem.html", problem.title, status=problem.status, problem=problem, again=visit.asked_at)
    if "retry_after" in problem.extra:
        response.headers["retry-after"] = str(problem.extra["retry_after"])
    return response
