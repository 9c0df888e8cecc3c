"""Who leads a network."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from shared.fields import Page


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


class Understood(BaseModel):
    """What was asked, as it was understood; each may be empty. `sha` is the ODS code of the area's oversight body."""

    words: str = ""
    care_group: str = ""
    sha: str = ""
    role: str = ""


class LedNetworks(Page[LedNetwork]):
    """Networks with those who lead them. `at_least`: more match than are counted."""

    at_least: bool = False
    understood: Understood = Understood()
