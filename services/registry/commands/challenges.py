"""Raising a challenge, and what every later act on one needs: the row, its thread, its clock."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.access import challenges_shown_to, edits
from services.registry.commands.challenge_telling import said
from services.registry.commands.networks import AlreadyArchived, NoSuchNetwork
from services.registry.tables import Challenge, ChallengePost, Network
from shared import clock
from shared.auth import Principal
from shared.contracts.registry import CHALLENGE_RAISED
from shared.envelope import new_id
from shared.errors import Conflict, NotFound, Unprocessable
from shared.outbox import publish

CHALLENGING, CHALLENGED = ("commissioner", "both"), ("provider", "both")
"""The sides of a network that may challenge, and of one that can be challenged."""
REMINDERS = (7, 1)
"""Days before the date on which the provider is reminded."""
LONGEST = timedelta(days=366)


class NoSuchChallenge(NotFound):
    """There is no challenge at this address, or it is private to others; look in the network's list."""


class NotACommissioner(Conflict):
    """Only a commissioner network raises a challenge; a network's side stands in its record."""


class NotAProvider(Conflict):
    """Only a provider network can be challenged; a network's side stands in its record."""


class ChallengesItself(Unprocessable):
    """A network cannot challenge itself; choose the provider network that is to answer."""


class NotADateToAnswerBy(Unprocessable):
    """The date to answer by must lie after today, and within a year."""


async def raise_challenge(
    session: AsyncSession, *, network_id: str, fields: dict[str, Any], by: Principal, reason: str = "",
    minor: bool = False,
) -> Challenge:  # fmt: skip
    """Let a commissioner network challenge a provider network; *fields* as in `NewChallenge`.

    Raises NoSuchNetwork, AlreadyArchived, ChallengesItself, NotACommissioner, NotAProvider, NotADateToAnswerBy.
    """
    await _require_sides(session, network_id, fields["provider"])
    require_date(fields["answer_by"], field="answer_by")
    challenge = Challenge(
        id=new_id(), revision=1, challenger=network_id, provider=fields["provider"], subject=fields["subject"],
        private=fields["visibility"] == "private", status="open", outcome="", answer_by=fields["answer_by"],
        asked_until=None, next_on=next_day(fields["answer_by"]), posts=0, raised_at=clock.now(), answered_at=None,
        ended_at=None, escalated_at=None,
    )  # fmt: skip
    session.add(challenge)
    side = await side_of(session, challenge, by, "challenger")
    add_post(
        session, challenge, "raised", side=side, by=by, text=fields["text"], until=challenge.answer_by, reason=reason
    )
    await publish(
        session, await said(session, CHALLENGE_RAISED, challenge, "raised", by=by, reason=reason, minor=minor)
    )
    return challenge


async def locked_challenge(session: AsyncSession, challenge_id: str, by: Principal) -> Challenge:
    """The challenge, its row locked until the transaction ends. Raises NoSuchChallenge, also where it is hidden."""
    query = select(Challenge).where(Challenge.id == challenge_id, challenges_shown_to(by))
    query = query.with_for_update().execution_options(populate_existing=True)
    challenge = (await session.execute(query)).scalar_one_or_none()
    if challenge is None:
        raise NoSuchChallenge
    return challenge


def add_post(
    session: AsyncSession, challenge: Challenge, kind: str, *, side: str, by: Principal, text: str = "",
    until: date | None = None, reason: str = "",
) -> None:  # fmt: skip
    """Add the next entry of the thread. The challenge must be locked, or new."""
    challenge.posts += 1
    session.add(ChallengePost(
        challenge_id=challenge.id, number=challenge.posts, kind=kind, side=side, author=by.person_id, text=text,
        until=until, reason=reason, written_at=clock.now(),
    ))  # fmt: skip


def require_date(day: date, *, field: str = "until") -> None:
    """Raise NotADateToAnswerBy unless *day* lies ahead, and not too far."""
    if not clock.today() < day <= clock.today() + LONGEST:
        raise NotADateToAnswerBy(errors=[{"field": field, "message": "must lie after today, and within a year"}])


def next_day(answer_by: date) -> date | None:
    """The day after today on which the provider is reminded, or the bodies are told, next."""
    days = [*(answer_by - timedelta(days=before) for before in REMINDERS), answer_by + timedelta(days=1)]
    return next((day for day in days if day > clock.today()), None)


async def side_of(session: AsyncSession, challenge: Challenge, by: Principal, acting: str) -> str:
    """The side on which a post stands: *acting*, but what staff write without a role there is theirs."""
    return acting if not by.is_staff or await edits(session, by.person_id, getattr(challenge, acting)) else "staff"


async def _require_sides(session: AsyncSession, challenger_id: str, provider_id: str) -> None:
    challenger, provider = await session.get(Network, challenger_id), await session.get(Network, provider_id)
    if challenger is None:
        raise NoSuchNetwork
    if provider is None:
        raise NoSuchNetwork(errors=[{"field": "provider", "message": "is not on the register"}])
    if challenger is provider:
        raise ChallengesItself(errors=[{"field": "provider", "message": "must be another network"}])
    if challenger.archived or provider.archived:
        raise AlreadyArchived("One of the two networks is archived; it can neither challenge nor answer.")
    if challenger.side not in CHALLENGING:
        raise NotACommissioner
    if provider.side not in CHALLENGED:
        raise NotAProvider(errors=[{"field": "provider", "message": "is not a provider network"}])
