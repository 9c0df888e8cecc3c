"""The failure desk of one service: what its consumer could not take, tried again or discarded with a reason.

A key with a letter that failed is parked, and later messages of that key wait behind it. That is why the desk lists
keys by their first letter: nothing behind it can move before it is settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
import structlog
from fastapi import APIRouter, Path
from pydantic import BaseModel, StringConstraints
from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Principal, Session, may, staff
from shared.boundary import Router
from shared.dead_letters import ask_for_replay, dead_letters, parked_keys
from shared.envelope import UnreadableMessage, decode
from shared.errors import NotFound
from shared.fields import Page
from shared.inbox import mark_parked

log = structlog.get_logger()
router: APIRouter = Router(include_in_schema=False)
MOST = 100
PARKED = select(func.count()).select_from(parked_keys)
Number = Annotated[int, Path(ge=1, lt=2**63)]


class NoSuchFailure(NotFound):
    """This message does not wait any more: it was tried again with success, or discarded. Load the list again."""


class Failure(BaseModel):
    """A message that waits, and with it all later ones of its key."""

    number: int
    message_id: str
    type: str
    headline: str
    topic: str
    key: str
    handler: str
    attempts: int
    reason: str
    since: datetime
    behind: int
    again: bool


class Discard(BaseModel):
    """Why a message is given up."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


@router.get("/internal/failures")
async def list_failures(session: Session, _by: Principal = may(staff, "operations:read")) -> Page[Failure]:
    """The first message that waits of each parked key, the oldest first."""
    return await failures_page(session, limit=MOST)


async def failures_page(session: AsyncSession, *, limit: int) -> Page[Failure]:
    """The first of what waits, and how many keys are parked."""
    total = (await session.execute(PARKED)).scalar_one()
    found = await _first_letters(session, limit) if total else ()
    return Page(items=[_shown(letter) for letter in found], next=None, total=total)


@router.post("/internal/failures/{number}/retry", status_code=204)
async def retry(number: Number, session: Session, by: Principal = may(staff, "operations:write")) -> None:
    """Let the consumer try it again, and what waits behind it."""
    letter = await _waiting(session, number)
    await ask_for_replay(session, topic=letter.topic, key=letter.key)
    log.info("dead_letter_tried_again", message_id=letter.message_id, by=by.person_id)


@router.post("/internal/failures/{number}/discard", status_code=204)
async def discard(
    number: Number, body: Discard, session: Session, by: Principal = may(staff, "operations:write")
) -> None:
    """Give a message up, here and for good, and let those behind it go on. Why is kept with it."""
    letter = await _waiting(session, number)
    why = f"Discarded: {body.reason} (It had failed: {letter.reason})"[:2000]
    mine = update(dead_letters).where(dead_letters.c.number == number)
    await session.execute(mine.values(state="discarded", reason=why))
    await mark_parked(session, [letter.message_id], "discarded")
    await ask_for_replay(session, topic=letter.topic, key=letter.key)
    log.info("dead_letter_discarded", message_id=letter.message_id, by=by.person_id)


async def _waiting(session: AsyncSession, number: int) -> Row[Any]:
    """The letter with that number, locked. Raises NoSuchFailure unless it waits."""
    query = select(dead_letters).where(dead_letters.c.number == number, dead_letters.c.state == "waiting")
    found = (await session.execute(query.with_for_update())).one_or_none()
    if found is None:
        raise NoSuchFailure
    return found


async def _first_letters(session: AsyncSession, limit: int) -> Sequence[Row[Any]]:
    waiting = (
        select(func.min(dead_letters.c.number).label("first"), (func.count() - 1).label("behind"))
        .where(dead_letters.c.state == "waiting")
        .group_by(dead_letters.c.topic, dead_letters.c.key)
        .subquery()
    )
    asked = (parked_keys.c.topic == dead_letters.c.topic) & (parked_keys.c.key == dead_letters.c.key)
    query = select(dead_letters, waiting.c.behind, func.coalesce(parked_keys.c.replay, False).label("again"))
    query = query.join(waiting, waiting.c.first == dead_letters.c.number).outerjoin(parked_keys, asked)
    return (await session.execute(query.order_by(dead_letters.c.number).limit(limit))).all()


def _shown(letter: Row[Any]) -> Failure:
    row = dict(letter._mapping)
    return Failure(**{**row, **_said(letter), "again": bool(letter.again)})


def _said(letter: Row[Any]) -> dict[str, str]:
    """What the message says of itself; nothing where it cannot be read, which may be why it waits."""
    headers = tuple((name, text.encode()) for name, text in orjson.loads(letter.headers))
    try:
        message = decode(letter.topic, letter.key, headers, letter.value)
        told = message.announcement
    except (UnreadableMessage, ValueError):
        return {"type": "", "headline": ""}
    return {"type": message.type, "headline": told.headline if told else ""}
