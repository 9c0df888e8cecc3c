"""Challenges of commissioner networks to provider networks, and their threads."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row


class Challenge(Row):
    """A challenge: *challenger* and *provider* are networks. See `ChallengeState`."""

    __tablename__ = "challenges"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    challenger: Mapped[str]
    provider: Mapped[str]
    private: Mapped[bool]
    subject: Mapped[str]
    status: Mapped[str] = mapped_column(comment="open, answered, closed or withdrawn")
    outcome: Mapped[str]
    answer_by: Mapped[date]
    asked_until: Mapped[date | None]
    next_on: Mapped[date | None] = mapped_column(comment="when the provider is reminded, or the bodies are told, next")
    posts: Mapped[int] = mapped_column(comment="how many stand in the thread, and the number of the last")
    raised_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]

    __table_args__ = (
        Index("challenges_of_challenger", "challenger", "id"),
        Index("challenges_of_provider", "provider", "id"),
        Index("challenges_due", "status", "next_on"),
    )


class ChallengePost(Row):
    """One entry of a thread, in the order of the numbers. Never changed: the thread is the history of its texts."""

    __tablename__ = "challenge_posts"

    challenge_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    side: Mapped[str] = mapped_column(comment="challenger, provider, staff, or clock")
    author: Mapped[str] = mapped_column(comment="a person's id, or empty")
    text: Mapped[str]
    until: Mapped[date | None] = mapped_column(comment="the date asked for, given, or by which to answer")
    reason: Mapped[str]
    written_at: Mapped[datetime]
