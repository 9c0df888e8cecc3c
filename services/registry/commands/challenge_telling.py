"""How a challenge is told, and to whom.

Invariant: what is said of a private challenge never holds its subject or a word of its thread, and is told to nobody
but those who may see it: the people with a role in either network, one by one because anybody can follow a network,
and the officers of the oversight bodies. It is a discussion, which no public feed, page or edition shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.access import editors_of, is_more_than_a_member
from services.registry.tables import Challenge, Network, Role
from shared import clock
from shared.announcement import Announcement, Concerns, Significance
from shared.auth import Principal
from shared.contracts import Contract
from shared.contracts.registry import ChallengeState
from shared.outbox import Change, change

HEADLINES = {
    "raised": "{challenger} raised {it} with {provider}, to be answered by {day}",
    "comment": "{who} wrote in {it} of {challenger} to {provider}",
    "answer": "{provider} answered {it} of {challenger}",
    "ask_time": "{provider} asks {challenger} for time until {day} to answer {it}",
    "give_time": "{provider} has until {day} to answer {it} of {challenger}",
    "refuse_time": "{challenger} gives {provider} no more time to answer {it}",
    "ask_again": "{challenger} asks {provider} again in {it}, to be answered by {day}",
    "accept": "{challenger} accepts the answer of {provider} to {it}",
    "close": "{challenger} and {provider} did not agree on {it}",
    "withdraw": "{challenger} withdrew {it} to {provider}",
    "moved": "{it} of {challenger} to {provider} passed on",
    "reminded": "{left} to answer {it} of {challenger}",
    "escalated": "{provider} has not answered {it} of {challenger}, due by {day}",
}
SMALL = frozenset({"comment", "ask_time", "refuse_time"})
"""What goes on between the two: no news for the bodies, and not for the newsletter."""
MOST_TOLD = 200
"""People who are told one by one; two networks together have a few dozen with a role."""


async def said(
    session: AsyncSession, contract: Contract, challenge: Challenge, kind: str, *, by: Principal, side: str = "",
    day: date | None = None, before: dict[str, Any] | None = None, reason: str = "", minor: bool = False,
) -> Change:  # fmt: skip
    """The message about a challenge. A private one's reason stays in its thread: the history is read by more."""
    networks = await _networks(session, challenge)
    told = Announcement(
        headline=_headline(challenge, kind, networks, side=side, day=day),
        category="discussion" if challenge.private or kind in SMALL else "governance",
        significance=_significance(kind), path=f"/challenges/{challenge.id}",
        concerns=await _concerns(session, challenge, kind, networks),
    )  # fmt: skip
    return change(
        contract, state_of(challenge), key=challenge.id, before=before, announcement=told, actor=by.person_id,
        reason="" if challenge.private else reason, minor=minor,
    )  # fmt: skip


def state_of(challenge: Challenge) -> ChallengeState:
    """The public state of a challenge's row."""
    return ChallengeState(
        id=challenge.id, revision=challenge.revision, challenger=challenge.challenger, provider=challenge.provider,
        private=challenge.private, subject="" if challenge.private else challenge.subject, status=challenge.status,
        outcome=challenge.outcome, answer_by=challenge.answer_by, asked_until=challenge.asked_until,
        posts=challenge.posts, raised_on=challenge.raised_at.date(),
        answered_on=challenge.answered_at.date() if challenge.answered_at else None,
        ended_on=challenge.ended_at.date() if challenge.ended_at else None,
        escalated_on=challenge.escalated_at.date() if challenge.escalated_at else None,
    )  # fmt: skip


def _headline(challenge: Challenge, kind: str, networks: Mapping[str, Network], *, side: str, day: date | None) -> str:
    names = {which: network.name for which, network in networks.items()}
    when, days = day or challenge.answer_by, (challenge.answer_by - clock.today()).days
    headline = HEADLINES[kind].format(
        **names, it=_called(challenge), who=names.get(side, "The national team"), day=f"{when:%-d %B %Y}",
        left={0: "Today is the last day", 1: "1 day is left"}.get(days, f"{days} days are left"),
    )  # fmt: skip
    return headline[:300]


def _called(challenge: Challenge) -> str:
    if challenge.private:
        return "a private challenge"
    subject = challenge.subject if len(challenge.subject) <= 100 else f"{challenge.subject[:99]}…"
    return f"the challenge “{subject}”"


def _significance(kind: str) -> Significance:
    if kind == "escalated":
        return "major"
    return "minor" if kind in SMALL or kind == "reminded" else "normal"


async def _concerns(
    session: AsyncSession, challenge: Challenge, kind: str, networks: Mapping[str, Network]
) -> Concerns:
    """A reminder concerns those who can answer; the rest both networks, and the bodies to whom it is news."""
    if kind == "reminded":
        people = await editors_of(session, challenge.provider)
        return Concerns(people=tuple(people[:MOST_TOLD]), staff=not people)
    bodies = networks["provider"].bodies if kind == "escalated" else _bodies(networks.values())
    bodies = [] if kind in SMALL else bodies
    at_last = kind == "escalated" and not bodies  # a network without a body is the national team's concern
    if challenge.private:
        return Concerns(people=await _with_a_role(session, challenge), bodies=tuple(bodies), staff=at_last)
    return Concerns(networks=(challenge.provider, challenge.challenger), bodies=tuple(bodies), staff=at_last)


def _bodies(networks: Iterable[Network]) -> list[str]:
    return list(dict.fromkeys(body for network in networks for body in network.bodies))


async def _with_a_role(session: AsyncSession, challenge: Challenge) -> tuple[str, ...]:
    both = Role.network_id.in_((challenge.challenger, challenge.provider))
    query = select(Role.person_id).where(both, is_more_than_a_member()).distinct().order_by(Role.person_id)
    return tuple((await session.execute(query.limit(MOST_TOLD))).scalars())


async def _networks(session: AsyncSession, challenge: Challenge) -> dict[str, Network]:
    """The two networks, by their side; the provider first."""
    return {
        "provider": await session.get_one(Network, challenge.provider),
        "challenger": await session.get_one(Network, challenge.challenger),
    }
