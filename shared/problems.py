"""Every error as an RFC 9457 problem document, with a sentence that says what to do."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from shared.away import DatabaseAway
from shared.errors import BadRequest, NotFound, NotSignedIn, PerhapsSaved, Problem, TooMany, Unprocessable
from shared.logging import correlation

log = structlog.get_logger()
MEDIA_TYPE = "application/problem+json"
NOT_STORABLE = "22021"
"""PostgreSQL's code for text with a NUL, which SQLite takes and finds nowhere."""


class WrongMethod(Problem):
    """This address does not take that method; see the API's document at /api/openapi.json."""

    status = 405
    title = "Method not allowed"

    def __init__(self, allow: str) -> None:
        """*allow*: the methods that it takes."""
        super().__init__(allow=allow)


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of *app* with a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    for away in (DatabaseAway, PerhapsSaved):
        app.add_exception_handler(away, _on_away)
    app.add_exception_handler(SQLAlchemyError, _on_database)
    app.add_exception_handler(Exception, _on_accident)


def answer(problem: Problem) -> JSONResponse:
    """The response for *problem*."""
    headers = {"www-authenticate": "Bearer"} if isinstance(problem, NotSignedIn) else {}
    if isinstance(problem, WrongMethod):
        headers["allow"] = str(problem.extra["allow"])
    if isinstance(problem, TooMany) and "retry_after" in problem.extra:
        headers["retry-after"] = str(problem.extra["retry_after"])
    return JSONResponse(problem.document(), problem.status, headers, media_type=MEDIA_TYPE)


async def _on_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return answer(error)


async def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return answer(BadRequest("The body is not valid JSON; check its commas, quotes and brackets."))
    errors = [{"field": _field(item), "message": _message(item)} for item in found]
    sentence = "; ".join(f"{item['field']}: {item['message']}" for item in errors[:3])
    return answer(Unprocessable(f"Check what you entered. {sentence}.", errors=errors))


def _field(item: dict[str, Any]) -> str:
    return ".".join(str(part) for part in item["loc"] if part not in {"body", "query", "path"}) or "body"


def _message(item: dict[str, Any]) -> str:
    if item["type"] == "extra_forbidden":
        return "is not a field of this; remove it"
    return str(item["msg"]).removeprefix("Value error, ")


async def _on_http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer(NotFound())
    if error.status_code == 405:
        return answer(WrongMethod((error.headers or {}).get("allow") or (error.headers or {}).get("Allow", "")))
    problem = Problem(str(error.detail))
    document = {**problem.document(), "status": error.status_code}
    return JSONResponse(document, error.status_code, media_type=MEDIA_TYPE)


async def _on_away(request: Request, error: Exception) -> JSONResponse:
    log.warning("database_away", path=request.url.path, reason=repr(error.__cause__)[:200])
    return await _on_problem(request, error)


async def _on_database(request: Request, error: Exception) -> JSONResponse:
    if getattr(getattr(error, "orig", None), "sqlstate", "") == NOT_STORABLE:
        return answer(BadRequest("The address or the body has a character that cannot be stored (U+0000); remove it."))
    return await _on_accident(request, error)


async def _on_accident(request: Request, error: Exception) -> JSONResponse:
    log.error("request_failed", method=request.method, path=request.url.path, exc_info=error)
    sentence = "Something went wrong on our side; nothing was changed. Try again, and quote the reference if it stays."
    return answer(Problem(sentence, reference=correlation.get()))
