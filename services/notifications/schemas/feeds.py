"""The secret part of a person's feed addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field


class FeedKey(BaseModel):
    """Whether a person has a key, and since when; `key` itself only when it is made."""

    made_at: datetime | None
    key: str = ""


class AskedKey(BaseModel):
    """A key that came with a feed's address."""

    key: Annotated[str, Field(min_length=1, max_length=100)]


class KeyOwner(BaseModel):
    """Whose key it is."""

    person_id: str
