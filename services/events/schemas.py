"""Request and response bodies of events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from shared.boundary import ChangeBody
from shared.fields import Line, Name, Prose

Kind = Literal["meeting", "conference", "course", "workshop", "webinar", "stand"]
Access = Literal["open", "members", "invited"]
FIRST_YEAR, LAST_YEAR = 1948, 2100


def _likely(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year < LAST_YEAR:
        raise ValueError(f"must be between {FIRST_YEAR} and {LAST_YEAR}")
    return value.astimezone(UTC)


def _some(value: list[str]) -> list[str]:
    if not value:
        raise ValueError("name at least one network that holds the gathering")
    return list(dict.fromkeys(value))


def _web(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// or http://")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_likely)]
Web = Annotated[Line, AfterValidator(_web)]
NetworkIds = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50), AfterValidator(_some)]
Capacity = Annotated[int, Field(ge=0, le=100_000)]


class EventFields(ChangeBody):
    """The fields of a gathering that people fill in; each may be left out of a change. Times need a time zone."""

    title: Name | None = None
    kind: Kind | None = None
    description: Prose | None = None
    networks: NetworkIds | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    place: Line | None = None
    online_url: Web | None = None
    access: Access | None = None
    capacity: Capacity | None = None


class NewEvent(EventFields):
    """A gathering to be scheduled. Without a capacity everybody finds a place."""

    title: Name
    kind: Kind = "meeting"
    description: Prose = ""
    networks: NetworkIds
    starts_at: Moment
    ends_at: Moment
    place: Line = ""
    online_url: Web = ""
    access: Access = "open"


class NewBooking(ChangeBody):
    """A wish for a place. `waiting_list` false: rather no than later."""

    waiting_list: bool = True


class NetworkName(BaseModel):
    """A network that holds a gathering."""

    id: str
    name: str
    slug: str


class Event(BaseModel):
    """A gathering. `online_url` is empty for those who may not come; `my_booking` is yours where you are signed in."""

    id: str
    revision: int
    title: str
    kind: str
    description: str
    networks: list[NetworkName]
    starts_at: datetime
    ends_at: datetime
    place: str
    online_url: str
    access: str
    capacity: int | None
    booked: int
    waiting: int
    status: str
    updated_at: datetime
    my_booking: str | None = None


class Booking(BaseModel):
    """A person's place at a gathering, or their turn in its queue."""

    id: str
    revision: int
    event_id: str
    person_id: str
    name: str
    status: str
    made_at: datetime


class MyBooking(Booking):
    """Your place at a gathering, with what it is and when."""

    title: str
    starts_at: datetime
    ends_at: datetime
    place: str
    event_status: str
