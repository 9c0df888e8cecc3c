"""What people choose to be told, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

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
    `immediate`: everything is chosen to come by mail at once.
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
