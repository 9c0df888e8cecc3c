"""Browsers that are sent notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.boundary import ChangeBody

Key = Annotated[str, Field(min_length=1, max_length=200, pattern="^[A-Za-z0-9_-]+$")]


class Keys(BaseModel):
    """What a browser gives us to encrypt with, in base64url."""

    model_config = ConfigDict(extra="forbid")

    p256dh: Key
    auth: Key


class BrowserBody(ChangeBody):
    """A browser's push subscription, as `PushSubscription.toJSON()` has it."""

    endpoint: Annotated[str, Field(min_length=1, max_length=2000)]
    keys: Keys


class Browser(BaseModel):
    """A browser that is sent notifications; `service` is the host of its push service."""

    id: str
    service: str
    since: datetime


class Browsers(BaseModel):
    """Your browsers, and the key that one needs to subscribe: empty where this installation sends none."""

    key: str
    items: list[Browser]
