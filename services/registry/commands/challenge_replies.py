"""The thread of a challenge: who may say what, when, and what becomes of the challenge by it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.access import edits
from services.registry.commands.challenge_telling import said, state_of
from services.registry.commands.challenges import add_post, locked_challenge, next_day, require_date, side_of
from services.registry.tables import Challenge
from shared import clock
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts import Contract
from shared.contracts.registry import (
    CHALLENGE_ANSWERED,
    CHALLENGE_CLOSED,
    CHALLENGE_COMMENTED,
    CHALLENGE_EXTENDED,
    CHALLENGE_REOPENED,
)
from shared.errors import Conflict, Forbidden, Unprocessable
from shared.outbox import publish

MOST_POSTS = 200
"""In one thread; what is longer is another challenge."""
BOTH = ("challenger", "provider")
GOING_ON = ("open", "answered")


class NotYourSide(Forbidden):
    """The provider answers and asks for time; the challenger gives it, accepts, asks again, closes or withdraws."""


class NotAsItStands(Conflict):
    """The challenge has moved on and this can no longer be done; load it again to see what can."""


class NoMoreTimeAsked(Conflict):
    """The provider has not asked for more time, so there is nothing to refuse."""


class ThreadTooLong(Conflict):
    """The thread has 200 entries and is full; close this challenge and raise another."""


class NothingSaid(Unprocessable):
    """Write what you want to say."""


class NoDateGiven(Unprocessable):
    """Say until when."""


class NotLater(Unprocessable):
    """The new date must be later than the present one."""


@dataclass(frozen=True, slots=True)
class Move:
    """What one kind of reply needs, and what it does."""

    sides: tuple[str, ...]
    statuses: tuple[str, ...]
    contract: Contract
    needs_text: bool = False
    needs_date: bool = False
    does: Callable[[Challenge, date | None], None] = lambda _challenge, _until: None


def _answer(challenge: Challenge, _until: date | None) -> None:
    challenge.status, challenge.answered_at = "answered", clock.now()
    challenge.asked_until = challenge.next_on = None


def _ask_time(challenge: Challenge, until: date | None) -> None:
    challenge.asked_until = until


def _refuse_time(challenge: Challenge, _until: date | None) -> None:
    if challenge.asked_until is None:
        raise NoMoreTimeAsked
    challenge.asked_until = None


def _new_date(challenge: Challenge, until: date | None) -> None:
    """Opens it until the new date, with a clock that begins anew."""
    assert until is not None
    challenge.status, challenge.answer_by, challenge.asked_until = "open", until, None
    challenge.next_on, challenge.escalated_at = next_day(until), None


def _end(status: str, outcome: str) -> Callable[[Challenge, date | None], None]:
    def end(challenge: Challenge, _until: date | None) -> None:
        challenge.status, challenge.outcome, challenge.ended_at = status, outcome, clock.now()
        challenge.asked_until = challenge.next_on = None

    return end


MOVES = {
    "comment": Move(BOTH, GOING_ON, CHALLENGE_COMMENTED, needs_text=True),
    "answer": Move(("provider",), GOING_ON, CHALLENGE_ANSWERED, needs_text=True, does=_answer),
    "ask_time": Move(("provider",), ("open",), CHALLENGE_EXTENDED, needs_date=True, does=_ask_time),
    "give_time": Move(("challenger",), ("open",), CHALLENGE_EXTENDED, needs_date=True, does=_new_date),
    "refuse_time": Move(("challenger",), ("open",), CHALLENGE_EXTENDED, does=_refuse_time),
    "ask_again": Move(
        ("challenger",), ("answered",), CHALLENGE_REOPENED, needs_text=True, needs_date=True, does=_new_date
    ),
    "accept": Move(("challenger",), ("answered",), CHALLENGE_CLOSED, does=_end("closed", "accepted")),
    "close": Move(
        ("challenger",), GOING_ON, CHALLENGE_CLOSED, needs_text=True, does=_end("closed", "not_agreed")
    ),
    "withdraw": Move(("challenger",), GOING_ON, CHALLENGE_CLOSED, does=_end("withdrawn", "withdrawn")),
}  # fmt: skip


async def reply_to_challenge(
    session: AsyncSession, *, challenge_id: str, kind: str, text: str, until: date | None, by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Challenge:  # fmt: skip
    """Write the next entry of a thread, with what it does to the challenge.

    Raises NoSuchChallenge, ChangedMeanwhile, NotYourSide, NotAsItStands, NothingSaid, NoDateGiven, NotLater,
    NotADateToAnswerBy, NoMoreTimeAsked, ThreadTooLong.
    """
    challenge, move = await locked_challenge(session, challenge_id, by), MOVES[kind]
    require_revision(expected, challenge.revision)
    acting = await _acting(session, challenge, move, by)
    until = until if move.needs_date else None
    _require(challenge, move, kind, text, until)
    before = state_of(challenge).model_dump(mode="json")
    move.does(challenge, until)
    challenge.revision += 1
    side = await side_of(session, challenge, by, acting)
    add_post(session, challenge, kind, side=side, by=by, text=text, until=until, reason=reason)
    message = await said(
        session, move.contract, challenge, kind, by=by, side=side, day=until, before=before, reason=reason, minor=minor
    )
    await publish(session, message)
    return challenge


def moves_of(challenge: Challenge, sides: Collection[str]) -> list[str]:
    """The kinds of reply that somebody who speaks for *sides* can write as things stand."""
    return [
        kind for kind, move in MOVES.items()
        if challenge.status in move.statuses and set(move.sides) & set(sides)
        and (kind != "refuse_time" or challenge.asked_until)
    ]  # fmt: skip


async def _acting(session: AsyncSession, challenge: Challenge, move: Move, by: Principal) -> str:
    """The side that *by* speaks for; staff may speak for either. Raises NotYourSide."""
    for side in move.sides:
        if await edits(session, by.person_id, getattr(challenge, side)):
            return side
    if not by.is_staff:
        raise NotYourSide
    return move.sides[0]


def _require(challenge: Challenge, move: Move, kind: str, text: str, until: date | None) -> None:
    if challenge.status not in move.statuses:
        raise NotAsItStands(f"The challenge is {challenge.status}; load it again to see what can be done now.")
    if challenge.posts >= MOST_POSTS and move.contract is not CHALLENGE_CLOSED:
        raise ThreadTooLong
    if move.needs_text and not text:
        raise NothingSaid(errors=[{"field": "text", "message": "write what you want to say"}])
    if not move.needs_date:
        return
    if until is None:
        raise NoDateGiven(errors=[{"field": "until", "message": "say until when"}])
    require_date(until)
    if kind != "ask_again" and until <= challenge.answer_by:
        raise NotLater(errors=[{"field": "until", "message": "must be later than the present date"}])
