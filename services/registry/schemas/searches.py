"""Saved searches."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.boundary import ChangeBody
from shared.fields import Line, Name


class SearchBody(ChangeBody):
    """A search to be saved: what the directory was asked."""

    name: Name
    q: Line = ""
    type: Line = ""
    care_group: Line = ""
    level: Line = ""
    purpose: Line = ""
    side: Line = ""
    stage: Line = ""
    sha: Line = ""


class RenameBody(ChangeBody):
    """Another name for a search."""

    name: Name


class Search(BaseModel):
    """A saved search. `matched`: how many networks came to match it since."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    revision: int
    name: str
    q: str
    type: str
    care_group: str
    level: str
    purpose: str
    side: str
    stage: str
    sha: str
    created_at: datetime
    matched: int = 0


class MatchedNetwork(BaseModel):
    """A network that came to match a search."""

    id: str
    slug: str
    name: str
    matched_at: datetime


class SearchWithMatches(Search):
    """A saved search with the networks that came to match it, the latest first."""

    matches: Annotated[list[MatchedNetwork], Field(max_length=100)]
