"""The clock of a challenge: the provider is reminded seven days and one day before the date; then the bodies are told.

Each happens once for a date. Where nobody ran on the day, it is said at the next look, and only what is still true:
a reminder says how many days are left, and of two that were missed only the later is sent.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.challenge_telling import said, state_of
from services.registry.commands.challenges import add_post, next_day
from services.registry.tables import Challenge
from shared import clock
from shared.auth import ANYBODY
from shared.contracts.registry import CHALLENGE_ESCALATED, CHALLENGE_REMINDED
from shared.outbox import publish

AT_ONCE = 50


def challenges_due() -> Select[Any]:
    """The challenges whose day has come, the longest due first."""
    due = (Challenge.status == "open", Challenge.next_on <= clock.today())
    return select(Challenge).where(*due).order_by(Challenge.next_on, Challenge.id)


async def turn_challenges(session: AsyncSession) -> None:
    """Remind or escalate what is due; locked, because another process may be looking at it too."""
    query = challenges_due().limit(AT_ONCE).with_for_update().execution_options(populate_existing=True)
    for challenge in list((await session.execute(query)).scalars()):
        await _turn(session, challenge)


async def _turn(session: AsyncSession, challenge: Challenge) -> None:
    before = state_of(challenge).model_dump(mode="json")
    kind, contract = "reminded", CHALLENGE_REMINDED
    challenge.next_on = next_day(challenge.answer_by)
    if challenge.answer_by < clock.today():
        kind, contract = "escalated", CHALLENGE_ESCALATED
        challenge.escalated_at = clock.now()
    challenge.revision += 1
    add_post(session, challenge, kind, side="clock", by=ANYBODY, until=challenge.answer_by)
    await publish(session, await said(session, contract, challenge, kind, by=ANYBODY, before=before))
