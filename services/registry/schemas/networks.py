"""A network's fields as people send them, and its record as the register shows it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field

from services.registry.schemas.leads import Lead, Understood
from shared.boundary import ChangeBody
from shared.fields import Line, Name, Page, Prose

Type = Literal["disease", "specialty", "client_group", "function"]

Level = Literal["local", "regional", "national"]

Purpose = Literal["clinical", "improvement", "social", "commissioning"]

Side = Literal["provider", "commissioner", "both"]

Stage = Literal["informal", "emerging", "managed", "closing", "closed"]


def _web(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// or http://")
    return value


Web = Annotated[Line, AfterValidator(_web)]

CareGroup = Name

OdsCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{3,10}$")]

Email = EmailStr | Literal[""]


class NetworkFields(ChangeBody):
    """The fields of a network that people fill in; each may be left out of a change."""

    name: Name | None = None
    aliases: Annotated[list[Name], Field(max_length=20, default_factory=list)]
    type: Type | None = None
    care_group: CareGroup | None = None
    level: Level | None = None
    purpose: Purpose | None = None
    side: Side | None = None
    bodies: Annotated[list[OdsCode], Field(max_length=200, default_factory=list)]
    host: OdsCode | Literal[""] = ""
    population: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    web: Web = ""
    email: Email = ""
    aims: Prose = ""
    started_on: date | None = None
    stage: Stage | None = None


class NewNetwork(NetworkFields):
    """A network to be put on the register."""

    name: Name
    type: Type
    care_group: CareGroup
    level: Level = "local"
    purpose: Purpose = "clinical"
    side: Side = "provider"
    stage: Stage = "informal"


class Network(BaseModel):
    """A network, as the register shows it; with `as_of` as it stood then, and `updated_at` when it came to that."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    revision: int
    slug: str
    name: str
    aliases: list[str]
    type: str
    care_group: str
    level: str
    purpose: str
    side: str
    bodies: list[str]
    host: str
    population: int | None
    web: str
    email: str
    aims: str
    started_on: date | None
    stage: str
    archived: bool
    merged_into: str = ""
    split_from: str = ""
    former_slugs: list[str] = []
    health: str = "not assessed"
    leads: list[Lead] = []
    created_at: datetime
    updated_at: datetime
    as_of: datetime | None = None


Span = tuple[int, int]
"""(first, one after the last) character."""


class Marked(BaseModel):
    """A text, and where in it the words stand that were searched for, in characters (Unicode code points)."""

    text: str
    marks: list[Span]


class Marks(BaseModel):
    """Where the words that were searched for stand in a network; `aims` is an excerpt."""

    name: list[Span]
    aliases: list[Marked]
    care_group: list[Span]
    aims: Marked | None = None


class FoundNetwork(Network):
    """A network that was found, and where the words stand that were searched for."""

    marks: Marks | None = None
    nobody_since: date | None = None


class FacetCount(BaseModel):
    """How many networks there would be if one value of a facet were chosen too; `at_least`: there may be more."""

    value: str
    count: int
    at_least: bool = False


class NamedNetwork(BaseModel):
    """A network to choose: what tells it from others, and where the words that were searched for stand in its name."""

    id: str
    slug: str
    name: str
    type: str
    care_group: str
    level: str
    stage: str
    bodies: list[str]
    marks: list[Span] = Field(default_factory=list)


class NetworkNames(Page[NamedNetwork]):
    """Networks to choose from. `at_least`: more match than are counted, and `total` is a lower bound."""

    at_least: bool = False


class Networks(Page[FoundNetwork]):
    """Networks found, with counts for each facet when asked for; with `as_of` as they stood then.

    `at_least`: more match than are counted, and `total` is a lower bound. `corrected`: words that nothing begins with,
    and those that were taken for them. `question`: what was asked, where the words asked who leads something.
    """

    facets: dict[str, list[FacetCount]] | None = None
    as_of: datetime | None = None
    at_least: bool = False
    corrected: dict[str, list[str]] = Field(default_factory=dict)
    question: Understood | None = None
