"""What changed, for programs that ask and for feeds."""

from __future__ import annotations

from pydantic import BaseModel

from services.notifications.schemas.alerts import AlertCore
from shared.fields import Page


class Changes(Page[AlertCore]):
    """What changed; `position` is the end of the sequence, `why` says why you see these."""

    position: str
    why: str


class Archive(BaseModel):
    """A page of a feed, the newest first, and how many entries the feed has in all."""

    items: list[AlertCore]
    total: int


class Sight(BaseModel):
    """Whether somebody may read what was told of a change."""

    seen: bool
