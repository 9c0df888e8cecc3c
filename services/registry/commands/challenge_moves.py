"""Challenges that are going on follow a network into the one that it becomes part of, and back."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.challenge_replies import GOING_ON
from services.registry.commands.challenge_telling import said, state_of
from services.registry.commands.challenges import add_post, next_day
from services.registry.tables import Challenge
from shared import clock
from shared.auth import Principal
from shared.contracts.registry import CHALLENGE_CLOSED, CHALLENGE_MOVED, CHALLENGE_REOPENED
from shared.outbox import Change, publish


async def move_challenges(
    session: AsyncSession, *, from_: str, to: str, by: Principal, reason: str = "", only: Collection[str] | None = None
) -> list[Challenge]:
    """Let *to* stand where *from_* stood in what is open or answered, or in those of it whose ids are *only*; returns
    them all. What ended stays where it was.

    One between the two ends, as a network does not challenge itself. Each is said and none is announced: the merger
    is the news. Lock both networks before.
    """
    ends = or_(Challenge.challenger == from_, Challenge.provider == from_)
    query = select(Challenge).where(ends, Challenge.status.in_(GOING_ON)).order_by(Challenge.id).with_for_update()
    if only is not None:
        query = query.where(Challenge.id.in_(only))
    found = list((await session.execute(query)).scalars())
    await publish(session, *[await _moved(session, challenge, from_, to, by, reason) for challenge in found])
    return found


async def reopen_challenges(session: AsyncSession, ids: Collection[str], *, by: Principal, reason: str = "") -> None:
    """Let challenges that ended because their networks became one go on where they stood. Lock both before."""
    query = select(Challenge).where(Challenge.id.in_(ids), Challenge.status == "withdrawn").order_by(Challenge.id)
    for challenge in (await session.execute(query.with_for_update())).scalars().all():
        before = state_of(challenge).model_dump(mode="json")
        challenge.status = "answered" if challenge.answered_at else "open"
        challenge.outcome, challenge.ended_at = "", None
        challenge.next_on = next_day(challenge.answer_by) if challenge.status == "open" else None
        challenge.revision += 1
        add_post(session, challenge, "moved", side="clock", by=by, text=reason)
        await session.flush()
        again = await said(
            session, CHALLENGE_REOPENED, challenge, "moved", by=by, before=before, reason=reason, minor=True
        )
        await publish(session, again)


async def _moved(session: AsyncSession, challenge: Challenge, from_: str, to: str, by: Principal, why: str) -> Change:
    before = state_of(challenge).model_dump(mode="json")
    challenger = to if challenge.challenger == from_ else challenge.challenger
    provider = to if challenge.provider == from_ else challenge.provider
    contract, kind = CHALLENGE_MOVED, "moved"
    if challenger == provider:
        contract, kind = CHALLENGE_CLOSED, "withdraw"
        challenge.status, challenge.outcome, challenge.ended_at = "withdrawn", "withdrawn", clock.now()
        challenge.next_on = challenge.asked_until = None
    else:
        challenge.challenger, challenge.provider = challenger, provider
    challenge.revision += 1
    add_post(session, challenge, kind, side="clock", by=by, text=why)
    await session.flush()
    return await said(session, contract, challenge, kind, by=by, before=before, reason=why, minor=True)
