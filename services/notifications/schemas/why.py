"""Why somebody was told."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from services.notifications.schemas.alerts import AlertCore
from shared.boundary import ChangeBody


class Route(BaseModel):
    """One way that led from a change to the reader, and the channel that it gives."""

    route: str
    audience: str
    sentence: str
    channel: str
    decides: bool


class Stage(BaseModel):
    """One moment on the way: `changed`, `logged`, `matched`, `delivered`; `how` says by which way it was delivered."""

    stage: str
    how: str
    state: str
    at: datetime | None


class Explanation(BaseModel):
    """Why somebody got an alert, all of it: `rule` says it in plain words, as things stand now.

    `chosen` says whose word decides: `network`, `general`, `suggested`, `mute`. `network_id` is the network that there
    can be less of, or empty.
    """

    alert: AlertCore
    channel: str
    chosen: str
    rule: str
    routes: list[Route]
    stages: list[Stage]
    network_id: str
    network_name: str


class LessBody(ChangeBody):
    """What there is to be less of: this network (`mute`), this kind there (`kind`), or this kind only `weekly`."""

    what: Literal["mute", "kind", "weekly"]
