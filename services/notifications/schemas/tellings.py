"""How fast people were told, as the API says it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.fields import Page

Period = Literal["week", "month"]
Way = Literal["live", "feed", "inbox", "mail", "webhook"]


class Step(BaseModel):
    """Deliveries that took longer than the step before, and no longer than this."""

    within_ms: int
    count: int


class Told(BaseModel):
    """How fast was told in one way, in one week or month."""

    first_day: date
    last_day: date
    way: Way = Field(description="`live`: on open pages; `feed`: on open oversight feeds; `mail`: mail at once")
    told: int = Field(description="how many deliveries were measured")
    within_a_second: int
    share: float = Field(description="of those within a second, from 0 to 1")
    median_ms: int = Field(description="half were told within so many milliseconds")
    p95_ms: int = Field(description="95 of 100 were told within so many milliseconds")
    steps: list[Step] = Field(description="how many took how long, the quickest first")


class Tellings(Page[Told]):
    """Periods and ways, the newest first."""

    since: datetime | None = Field(description="measured since then; null: nothing was measured yet")


class Measured(BaseModel):
    """Deliveries on open streams that took alike long, as the gateway measured them."""

    way: Literal["live", "feed"]
    day: date
    milliseconds: Annotated[int, Field(ge=0)]
    count: Annotated[int, Field(ge=1)]
