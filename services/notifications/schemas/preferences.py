"""What people choose to be told, and how."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from services.notifications.hours import MINUTES, shown, zones
from services.notifications.schemas.alerts import CareGroup, Id
from shared.announcement import Category, Channel
from shared.boundary import ChangeBody

Kinds = dict[Category, Channel | None]
"""Kind → channel; null where nothing is chosen, so that the choice above it counts."""


class AudienceOut(BaseModel):
    """An audience that a person belongs to, and by which route."""

    audience: str
    route: str
    name: str


def _minutes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", value.strip())
    if found is None:
        raise ValueError("must be a time of the day such as 07:00")
    return int(found[1]) * 60 + int(found[2])


def _zone(value: str) -> str:
    if value not in zones():
        raise ValueError("must be a time zone such as Europe/London")
    return value


TimeOfDay = Annotated[
    int, BeforeValidator(_minutes), Field(ge=0, lt=MINUTES), PlainSerializer(shown, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$", "examples": ["07:00"]}),
]  # fmt: skip
"""A time on the reader's clock, `07:00`; minutes after midnight inside."""
Zone = Annotated[str, Field(max_length=60), AfterValidator(_zone)]


class Chosen(BaseModel):
    """What somebody chose for a network by a button of its page."""

    follows: bool
    muted: bool


class Quiet(BaseModel):
    """When nothing is sent; what came meanwhile stands in one summary at the end."""

    model_config = ConfigDict(extra="forbid")

    begins: TimeOfDay
    ends: TimeOfDay

    @model_validator(mode="after")
    def _some_time(self) -> Quiet:
        if self.begins == self.ends:
            raise ValueError("quiet hours must not begin and end at the same time; leave them out for none")
        return self


class NetworkChoice(BaseModel):
    """What a person chose for one network, and what that comes to. `route` is empty where they do not belong to it."""

    network_id: str
    name: str
    route: str
    muted: bool
    kinds: Kinds
    effective: dict[Category, Channel]


class Preferences(BaseModel):
    """What a person chose. `muted` and `follows` are networks' ids, `interests` care groups.

    `kinds` is the general choice, `preset` its short name (`own` where it has none), `networks` what goes before it.
    `immediate`: everything is chosen to come by mail at once. Times are on the reader's clock, in `zone`; `sentence`
    says what they get now.
    """

    revision: int
    preset: str
    kinds: Kinds
    networks: list[NetworkChoice]
    muted: list[str]
    follows: list[str]
    newsletter: bool
    immediate: bool
    interests: list[str]
    zone: str
    quiet: Quiet | None
    daily_at: TimeOfDay
    sentence: str
    audiences: list[AudienceOut]


class PreferencesBody(ChangeBody):
    """Changes of preferences; a list that is sent is the whole list, of kinds and networks only those sent change."""

    preset: Literal["suggested", "everything", "important", "nothing"] | None = None
    kinds: Annotated[Kinds, Field(default_factory=dict)]
    networks: Annotated[dict[Id, Kinds], Field(max_length=500, default_factory=dict)]
    muted: Annotated[list[Id], Field(max_length=500, default_factory=list)]
    follows: Annotated[list[Id], Field(max_length=500, default_factory=list)]
    interests: Annotated[list[CareGroup], Field(max_length=100, default_factory=list)]
    newsletter: bool = False
    immediate: bool = False
    zone: Zone = "Europe/London"
    quiet: Quiet | None = None
    daily_at: TimeOfDay = 7 * 60
