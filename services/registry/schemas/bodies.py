"""Oversight bodies."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class BodyOut(BaseModel):
    """An oversight body."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    kind: str
    name: str
    region: str
