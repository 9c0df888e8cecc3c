"""What the register says of challenges between networks."""

from __future__ import annotations

from datetime import date

from shared.contracts import State, contract, topic


class ChallengeState(State):
    """A challenge of a commissioner network to a provider network, without the texts of its thread.

    `status` is open (the provider is to answer), answered (the challenger is to accept or to ask again), closed or
    withdrawn; `outcome` says how it ended: accepted, not_agreed, withdrawn, else empty. `asked_until` is the later
    date that the provider asked for. The subject of a private one is empty: messages are read by more than may see it.
    """

    challenger: str
    provider: str
    private: bool
    subject: str
    status: str
    outcome: str
    answer_by: date
    asked_until: date | None
    posts: int
    raised_on: date
    answered_on: date | None
    ended_on: date | None
    escalated_on: date | None


CHALLENGES = topic("registry.challenges")
CHALLENGE_RAISED = contract(
    CHALLENGES, "networks.registry.challenge.raised.v1", ChallengeState, "A network challenged another."
)
CHALLENGE_COMMENTED = contract(
    CHALLENGES, "networks.registry.challenge.commented.v1", ChallengeState, "Somebody wrote into a challenge's thread."
)
CHALLENGE_ANSWERED = contract(
    CHALLENGES, "networks.registry.challenge.answered.v1", ChallengeState, "A challenge was answered."
)
CHALLENGE_REOPENED = contract(
    CHALLENGES, "networks.registry.challenge.reopened.v1", ChallengeState, "The challenger asked again."
)
CHALLENGE_EXTENDED = contract(
    CHALLENGES, "networks.registry.challenge.extended.v1", ChallengeState, "More time was asked for, given or refused."
)
CHALLENGE_REMINDED = contract(
    CHALLENGES, "networks.registry.challenge.reminded.v1", ChallengeState, "The provider was reminded of the date."
)
CHALLENGE_ESCALATED = contract(
    CHALLENGES, "networks.registry.challenge.escalated.v1", ChallengeState, "The date passed without an answer."
)
CHALLENGE_MOVED = contract(
    CHALLENGES, "networks.registry.challenge.moved.v1", ChallengeState, "A challenge passed to another network."
)
CHALLENGE_CLOSED = contract(
    CHALLENGES, "networks.registry.challenge.closed.v1", ChallengeState, "A challenge ended, withdrawn or not."
)
