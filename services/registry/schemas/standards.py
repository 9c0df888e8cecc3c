"""Standards as people send them, and how networks stand against them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.registry.schemas.networks import Stage
from services.registry.schemas.rules import Rule
from services.registry.schemas.stages import Gate, Satisfied
from shared.boundary import ChangeBody
from shared.fields import Name, Page

Severity = Literal["red", "amber"]
Mend = Annotated[str, Field(pattern=r"^(/[^\s]*)?$", max_length=300)]
"""A page of ours, with `{slug}` for the network's; empty: the usual one for what is needed."""
Stages = Annotated[list[Stage], Field(min_length=1, max_length=5)]


class StandardFields(ChangeBody):
    """What can be said of a standard; each may be left out of a change."""

    name: Name | None = None
    sentence: Name | None = None
    severity: Severity | None = None
    stages: Stages | None = None
    rule: Rule | None = None
    mend: Mend | None = None
    retired: bool | None = None

    def fields_kept(self) -> dict[str, Any]:
        """What was sent, as it is kept: a rule whole, with what it left to us."""
        sent = self.model_dump(mode="json", exclude={"reason", "minor", "id", "rule"}, exclude_unset=True)
        if self.rule is not None:
            sent["rule"] = self.rule.model_dump(mode="json")
        return {name: value for name, value in sent.items() if value is not None}


class NewStandard(StandardFields):
    """A standard to be added."""

    name: Name
    sentence: Annotated[Name, Field(description="What is said of a network that does not meet it.")]
    severity: Severity
    stages: Stages
    rule: Rule
    retired: Literal[False] | None = None

    def fields_kept(self) -> dict[str, Any]:
        """All of it, as it is kept."""
        return {"mend": "", **super().fields_kept()}


class ProposedStandard(StandardFields):
    """A standard as it would be: a new one, or with `id` the changes to one that is there."""

    id: str = ""


class Standard(BaseModel):
    """A standard, as the register shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    revision: int
    code: str
    name: str
    sentence: str
    severity: str
    stages: list[str]
    rule: Rule
    mend: str
    retired: bool
    met_by: int = Field(0, description="How many networks meet it now, of those it applies to.")
    unmet_by: int = Field(0, description="How many networks do not meet it now.")
    updated_at: datetime


class Turned(BaseModel):
    """A network whose health the proposed standard would change."""

    network: dict[str, str]
    before: str
    after: str
    why: str


class DryRun(Page[Turned]):
    """What a proposed standard would do to the whole register; `counts` by the health that networks would turn to."""

    assessed: int
    counts: dict[str, int]


class Stand(BaseModel):
    """How a network stands against one standard; `cause` is the message because of which it is met, or not."""

    standard: str
    code: str
    name: str
    severity: str
    sentence: str
    met: bool
    why: str
    by: list[Satisfied]
    since: datetime | None
    cause: str
    link: str


class OpenVacancy(BaseModel):
    """A required role that nobody holds, how long, and when its clock strikes next."""

    standard: str
    name: str
    since: date
    days: int
    escalated: int = Field(description="Days of the last escalation, or 0.")
    next_on: date | None


class Move(BaseModel):
    """A stage to which the network may go, and the gates on the way."""

    to: str
    promotion: bool
    open: bool
    gates: list[Gate]


class NetworkStandards(Page[Stand]):
    """A network against the standards of its stage: its health, what is met by what, and what is missing."""

    network_id: str
    stage: str
    health: str
    since: datetime | None
    cause: str
    vacancies: list[OpenVacancy]
    moves: list[Move]
