"""What people do in the demonstration's year: each act is one command, done by somebody at a moment.

People are named by their e-mail address and networks by their name, because ids are made when the acts are done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something done by one person at a moment, for a reason."""

    moment: datetime
    by: str
    reason: str = ""
    minor: bool = False


@dataclass(frozen=True, kw_only=True)
class Edit(Act):
    """Fields of a network's record are changed."""

    network: str
    fields: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Found(Act):
    """A network is put on the register."""

    network: str
    fields: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Merge(Act):
    """A network becomes part of another."""

    network: str
    into: str


@dataclass(frozen=True, kw_only=True)
class Promote(Act):
    """A network moves to another stage."""

    network: str
    to: str


@dataclass(frozen=True)
class Proof:
    """Evidence of a network."""

    network: str
    kind: str
    title: str
    link: str
    dated: date
    review_by: date


@dataclass(frozen=True, kw_only=True)
class Record(Act):
    """Evidence is recorded: a single piece is told to the network, several at once only to the record."""

    proofs: tuple[Proof, ...]


@dataclass(frozen=True, kw_only=True)
class Take(Act):
    """Somebody takes a role; whoever led so far is succeeded."""

    network: str
    person: str
    role: str


@dataclass(frozen=True, kw_only=True)
class End(Act):
    """Somebody's role ends without a successor."""

    network: str
    person: str
    role: str


@dataclass(frozen=True, kw_only=True)
class Join(Act):
    """`by` becomes a member."""

    network: str


@dataclass(frozen=True, kw_only=True)
class Leave(Act):
    """`by` leaves."""

    network: str


@dataclass(frozen=True, kw_only=True)
class Schedule(Act):
    """A gathering of networks is scheduled. `event` is its name among the acts."""

    event: str
    networks: tuple[str, ...]
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Move(Act):
    """Fields of a gathering, such as its time or place, are changed."""

    event: str
    fields: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Cancel(Act):
    """A gathering will not take place."""

    event: str


@dataclass(frozen=True, kw_only=True)
class Save(Act):
    """`by` saves a search under a name."""

    name: str
    q: str = ""
    chosen: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Mail(Act):
    """The week's newsletter goes out; `by` approved it."""

    readers: int


@dataclass(frozen=True, kw_only=True)
class Book(Act):
    """`by` books a place."""

    event: str


@dataclass(frozen=True, kw_only=True)
class Raise(Act):
    """A network challenges another. `challenge` is its name among the acts; the `provider` field a network's name."""

    challenge: str
    network: str
    fields: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reply(Act):
    """Somebody writes into the thread of a challenge."""

    challenge: str
    kind: str
    text: str
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class TurnCalendar(Act):
    """A day begins: what is due in the register happens."""


@dataclass(frozen=True, kw_only=True)
class Tie(Act):
    """Two networks are linked; the link is only proposed where `by` is not staff."""

    network: str
    kind: str
    other: str
    care_group: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Propose(Act):
    """A change of a network's services is proposed. `change` is its name among the acts."""

    change: str
    network: str
    fields: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Decide(Act):
    """A lead approves a service change, or declines it."""

    change: str
    approve: bool = True


def one_at_a_time(acts: Iterable[Act]) -> list[Act]:
    """The acts in order of time, none in the second of another: what follows from one comes before the next."""
    apart: list[Act] = []
    for act in sorted(acts, key=lambda act: act.moment):
        earliest = apart[-1].moment + timedelta(seconds=1) if apart else act.moment
        apart.append(replace(act, moment=max(act.moment, earliest)))
    return apart
