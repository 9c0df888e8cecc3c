"""Contracts: what each type of message carries. One module a publisher; only the publisher constructs them.

Every contract made here is known to the generated AsyncAPI document and to the compatibility check.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from shared.log import Topic


class State(BaseModel):
    """An aggregate's full public state after a change. People appear by id alone, except on `membership.people`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    revision: int


@dataclass(frozen=True, slots=True)
class Contract:
    """One type of message: its topic, its name, its state, and what it means in one sentence."""

    topic: str
    type: str
    state: builtins.type[State]
    summary: str


TOPICS: dict[str, Topic] = {}
CONTRACTS: dict[str, Contract] = {}


SHARED = 6
"""Partitions of a topic where changes come by the thousand, so that copies of a service may share them."""


def topic(name: str, *, partitions: int = 1, compacted: bool = False) -> Topic:
    """Declare a topic that a service publishes; the deployment creates it with these partitions.

    One is enough where people write by hand, and every further one costs each consumer with every fetch
    (docs/adr/0025-few-partitions.md).
    """
    return TOPICS.setdefault(name, Topic(name, partitions, compacted))


def contract(on: Topic, type_: str, state: type[State], summary: str) -> Contract:
    """Declare a type of message, `networks.<service>.<thing>.<past-tense>.v1`. Raises ValueError on a second one."""
    if type_ in CONTRACTS:
        raise ValueError(f"{type_} is declared twice.")
    return CONTRACTS.setdefault(type_, Contract(on.name, type_, state, summary))
