"""Moving a network to another stage."""

from __future__ import annotations

from pydantic import BaseModel, Field

from services.registry.schemas.networks import Network, Stage
from shared.boundary import ChangeBody


class StageMove(ChangeBody):
    """The stage to move to."""

    to: Stage


class Satisfied(BaseModel):
    """One thing that satisfies a standard, and where it is seen."""

    text: str
    link: str


class Gate(BaseModel):
    """A standard on the way to a stage: met by what, or why not, and the page on which it is put right.

    One that does not block is advice.
    """

    standard: str
    name: str
    severity: str
    blocks: bool
    met: bool
    sentence: str
    why: str
    by: list[Satisfied]
    link: str


class Moved(Network):
    """The network at its new stage, and the gates that it passed."""

    gates: list[Gate] = Field(default_factory=list)
