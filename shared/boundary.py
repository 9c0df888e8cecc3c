"""The boundary: where a request becomes one transaction.

Invariants:
1. A command (POST, PATCH, PUT, DELETE) is one transaction: the route's work, its history, its messages and the
   answer kept under its Idempotency-Key commit together, before the answer is sent, or not at all.
2. A repeated Idempotency-Key of the same person gets the first answer again, also where both are sent at once; with
   another body it is refused.
   An answer marked `Cache-Control: no-store` holds a secret and is not kept: its repetition is a new request.
3. A query gets a session that cannot write.
4. A command that the gateway asks to preview is made and taken back: the answer is what it would have said, and
   nothing else of it remains (see shared/reach.py).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, LargeBinary, SmallInteger, Table, Text, cast, delete, func, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.auth import principal_of
from shared.db import Database, UtcDateTime, kernel
from shared.errors import BadRequest, Conflict, Problem, Stale, Unavailable
from shared.fields import Reason

answers = Table(
    "answers",
    kernel,
    Column("person_id", Text, primary_key=True),
    Column("key", Text, primary_key=True, comment="the Idempotency-Key"),
    Column("fingerprint", Text, nullable=False, comment="of the method, path and body"),
    Column("status", SmallInteger, nullable=False),
    Column("headers", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("given_at", UtcDateTime, nullable=False, index=True),
)

LONGEST_KEY = 200
KEPT = timedelta(days=7)
"""How long a repeated key gets the first answer again."""
KEPT_LOOK_SECONDS = 3600.0
PREVIEW = "x-preview"
"""The header with which the gateway asks for a preview, and by which it knows the answer; it passes no client's."""
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class KeyUsedOtherwise(Conflict):
    """This Idempotency-Key was used for another request; use a new key for a new change."""


class Boundary(APIRoute):
    """A route whose handler runs in one session: `request.state.session`."""

    changes_nothing = False

    def get_route_handler(self) -> Handler:
        """The handler, inside its session."""
        inner = super().get_route_handler()

        async def query(request: Request) -> Response:
            async with request.app.state.parts.database.reading() as session:
                request.state.session = session
                return await inner(request)

        async def command(request: Request) -> Response:
            if PREVIEW in request.headers:
                return await _taken_back(request, inner)
            asked = await _asked(request)
            try:
                return await _answered_once(request, inner, asked)
            except Unavailable:
                raise
            except (IntegrityError, Problem):  # what stood in its way may be its own twin, which was quicker
                if asked is None or (first := await _answer_of_a_twin(request, asked)) is None:
                    raise
                return first

        return query if self.changes_nothing or (self.methods or set()) <= {"GET", "HEAD"} else command


class Question(Boundary):
    """A POST that changes nothing, because what it asks with must not be in an address: it gets a query's session."""

    changes_nothing = True


class Router(APIRouter):
    """A router whose routes are boundaries."""

    def __init__(self, **options: Any) -> None:
        """As APIRouter, with Boundary as the class of its routes."""
        super().__init__(route_class=Boundary, **options)


async def _taken_back(request: Request, inner: Handler) -> Response:
    """Make the change, take it back, and answer with the messages that it said."""
    async with request.app.state.parts.database.taking_back() as session:
        request.state.session = session
        await inner(request)
        await session.flush()
        said = orjson.dumps(session.info.get("said", []))
    return Response(said, headers={PREVIEW: "said", "cache-control": "no-store"}, media_type="application/json")


class _Asked(NamedTuple):
    """Who asks, under which Idempotency-Key, and the digest of what."""

    person: str
    key: str
    fingerprint: str


async def _asked(request: Request) -> _Asked | None:
    """None for a request without a key. Reads the body, which is then kept for whoever reads it later."""
    if not (key := request.headers.get("idempotency-key", "")):
        return None
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise BadRequest(f"Idempotency-Key is too long or not printable; use at most {LONGEST_KEY} characters.")
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + await request.body()).hexdigest()
    return _Asked(principal_of(request).person_id, key, fingerprint)


async def _answered_once(request: Request, inner: Handler, asked: _Asked | None) -> Response:
    async with request.app.state.parts.database.transaction() as session:
        request.state.session = session
        if asked and (first := await _first_answer(session, asked)) is not None:
            return first
        response = await inner(request)
        if asked and response.headers.get("cache-control") != "no-store":
            await session.execute(insert(answers).values(_answer(asked, response)))
        return response


async def _answer_of_a_twin(request: Request, asked: _Asked) -> Response | None:
    async with request.app.state.parts.database.reading() as session:
        return await _first_answer(session, asked)


async def _first_answer(session: AsyncSession, asked: _Asked) -> Response | None:
    """What was answered before to what is asked, or None. Raises KeyUsedOtherwise."""
    given = select(answers).where(answers.c.person_id == asked.person, answers.c.key == asked.key)
    if (row := (await session.execute(given)).first()) is None:
        return None
    if row.fingerprint != asked.fingerprint:
        raise KeyUsedOtherwise
    return Response(row.body, row.status, {**orjson.loads(row.headers), "idempotent-replay": "true"})


def _answer(asked: _Asked, response: Response) -> dict[str, Any]:
    kept = {name: value for name, value in response.headers.items() if name in {"content-type", "etag", "location"}}
    return {
        "person_id": asked.person, "key": asked.key, "fingerprint": asked.fingerprint, "status": response.status_code,
        "headers": orjson.dumps(kept), "body": bytes(response.body), "given_at": clock.now(),
    }  # fmt: skip


async def forget_old_answers(database: Database) -> None:
    """Forget, every hour, what nobody repeats any more."""
    while True:
        async with database.transaction() as session:
            await session.execute(delete(answers).where(answers.c.given_at < clock.now() - KEPT))
        await asyncio.sleep(KEPT_LOOK_SECONDS)


async def forget_answers(session: AsyncSession, person_ids: Iterable[str], *words: str) -> None:
    """Forget the answers to erased people, and those that tell of them: by id, or by one of *words* (an address)."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    body = func.encode(answers.c.body, "escape") if is_postgresql else cast(answers.c.body, Text)
    for person_id in person_ids:
        told = (body.contains(word, autoescape=True) for word in (person_id, *words) if word)
        await session.execute(delete(answers).where(or_(answers.c.person_id == person_id, *told)))


class ChangeBody(BaseModel):
    """What every change takes besides its own fields."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Reason = ""
    minor: bool = False

    def fields(self) -> dict[str, Any]:
        """What was sent to be changed, without the reason and the mark."""
        return self.model_dump(exclude={"reason", "minor"}, exclude_unset=True)


class ChangedMeanwhile(Stale):
    """Somebody else changed this first; load it again and repeat your change."""


async def _revision(
    if_match: Annotated[str | None, Header(description="The ETag that you read.")] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isdigit():
        raise BadRequest('If-Match is not an ETag of ours; send what GET gave, such as "7".')
    return int(text)


IfMatch = Annotated[int | None, Depends(_revision)]
"""The revision that the caller read, from If-Match, or None."""


def require_revision(expected: int | None, present: int) -> None:
    """Raise ChangedMeanwhile, naming both versions, unless *expected* is None or the *present* one."""
    if expected is not None and expected != present:
        raise ChangedMeanwhile(
            f"You read version {expected}; the present one is {present}. Load it again and repeat your change.",
            expected=expected, present=present,
        )  # fmt: skip


def etag(response: Response, revision: int) -> None:
    """Put *revision* on *response* as its ETag."""
    response.headers["etag"] = f'"{revision}"'
