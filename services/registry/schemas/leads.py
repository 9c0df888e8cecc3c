"""Who leads a network."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel


class Lead(BaseModel):
    """Somebody who leads a network."""

    person_id: str
    name: str
    role: str
    since: date


class LedNetwork(BaseModel):
    """A network and who leads it; `nobody_since` is a date where nobody does and somebody did."""

    network: dict[str, str]
    leads: list[Lead]
    nobody_since: date | None
