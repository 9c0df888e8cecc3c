"""Service changes, their approval, and the workforce in numbers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.schemas.challenges import Party
from shared.boundary import ChangeBody
from shared.fields import Line, Name, Prose, Reason

Status = Literal["proposed", "declined", "approved", "in_force", "withdrawn"]
FIRST_YEAR, LAST_YEAR = 1948, 2100
MOST_IMPACTS = 50


def _likely(value: date) -> date:
    if not FIRST_YEAR <= value.year < LAST_YEAR:
        raise ValueError(f"must be between {FIRST_YEAR} and {LAST_YEAR}")
    return value


def _some(value: str) -> str:
    if not value:
        raise ValueError("say why")
    return value


Day = Annotated[date, AfterValidator(_likely)]
Wte = Annotated[Decimal, Field(ge=-9999, le=9999, decimal_places=1)]
Why = Annotated[Reason, AfterValidator(_some)]


class NewImpact(BaseModel):
    """What a change means for one staff group: more or fewer whole-time equivalents, or something to learn."""

    staff_group: Annotated[str, Field(max_length=100)]
    wte: Wte = Decimal(0)
    training: Line = ""
    people: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    from_on: Annotated[Day | None, Field(description="The first day; without one, that of the change.")] = None

    @model_validator(mode="after")
    def _says_something(self) -> NewImpact:
        if not self.wte and not self.training:
            raise ValueError("give the whole-time equivalents, or say what must be learnt")
        if self.people and not self.training:
            raise ValueError("say what these people must learn")
        return self


Impacts = Annotated[list[NewImpact], Field(max_length=MOST_IMPACTS)]


class ServiceChangeFields(ChangeBody):
    """The fields of a proposal; each may be left out of a change. `impacts` replaces all rows."""

    title: Name | None = None
    description: Prose | None = None
    from_on: Day | None = None
    impacts: Impacts | None = None


class NewServiceChange(ServiceChangeFields):
    """A change of a service to be proposed. The description may be Markdown."""

    title: Name
    description: Prose = ""
    from_on: Day
    impacts: Annotated[list[NewImpact], Field(max_length=MOST_IMPACTS, default_factory=list)]


class WithReason(ChangeBody):
    """A decision that must be given a reason."""

    reason: Why


class ImpactOut(BaseModel):
    """One row of the workforce impact."""

    staff_group: str
    staff_group_name: str
    wte: float
    training: str
    people: int
    from_on: date


class ServiceChange(BaseModel):
    """A service change; `wte` is the sum over its rows."""

    id: str
    revision: int
    network: Party
    title: str
    description: str
    from_on: date
    status: Status
    impacts: list[ImpactOut]
    wte: float
    people: int
    proposed_by: str
    proposed_by_name: str
    proposed_at: datetime
    approved_at: datetime | None
    withdrawn_at: datetime | None
    updated_at: datetime


class DecisionOut(BaseModel):
    """What one lead decided."""

    person_id: str
    name: str
    roles: list[str]
    approved: bool
    note: str
    decided_at: datetime


class Need(BaseModel):
    """An approval that a change needs: whose, who gave it, and, where nobody has, who can."""

    code: str
    label: str
    roles: list[str]
    given_by: str | None
    holders: list[str]


class ServiceChangeDetail(ServiceChange):
    """One service change with its approval. `may` lists what you can do now: change, approve, decline, withdraw."""

    needs: list[Need]
    decisions: list[DecisionOut]
    may: list[str]


class StaffGroup(BaseModel):
    """A staff group."""

    code: str
    name: str


class Sum(BaseModel):
    """Whole-time equivalents gained and lost, and people to be trained."""

    gained: float = 0
    lost: float = 0
    net: float = 0
    people: int = 0


class GroupSum(Sum):
    """The sum of one value, such as a care group or a month (`2027-04`)."""

    value: str
    name: str


class CellSum(Sum):
    """The sum of a row and a column of a table."""

    row: str
    column: str


class Workforce(BaseModel):
    """The workforce impact of the service changes that match.

    A change of a network that covers several areas counts in each of them, and once in the total.
    """

    changes: int
    total: Sum
    by_care_group: list[GroupSum]
    by_body: list[GroupSum]
    by_staff_group: list[GroupSum]
    by_month: list[GroupSum]
    care_groups_and_bodies: list[CellSum]
    staff_groups_and_months: list[CellSum]
