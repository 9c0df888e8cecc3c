"""A change, as the history shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class Entry(BaseModel):
    """One change of a network."""

    id: str
    type: str
    time: datetime
    actor: str
    actor_name: str
    reason: str
    minor: bool
    headline: str
    revision: int
    changes: dict[str, list[Any]]
