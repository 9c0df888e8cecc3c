"""One role of one person in many networks: what is sent, and what membership shows of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.boundary import ChangeBody

MOST = 200
"""Networks of one change."""
NetworkId = Annotated[str, Field(min_length=1, max_length=64)]
GivenRole = Literal[
    "lead_doctor", "lead_nurse", "lead_professional", "lead_manager", "co_ordinator", "chair",
    "patient_representative", "sha_lead",
]  # fmt: skip


class NewRoleBatch(ChangeBody):
    """A role that a person takes in many networks from today, or (`ends`) gives up today."""

    networks: Annotated[list[NetworkId], Field(min_length=1, max_length=MOST)]
    person_id: NetworkId
    role: GivenRole
    ends: bool = False


class RoleBatch(BaseModel):
    """One such change. `changed`: networks in which it was otherwise before; `kept`: those that an undo left."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    revision: int
    status: Literal["applied", "undone"]
    person_id: str
    name: str = ""
    role: str
    ends: bool
    reason: str
    minor: bool
    changed: int
    kept: int
    made_by: str
    made_by_name: str = ""
    made_at: datetime
    undone_by: str
    undone_by_name: str = ""
    undone_at: datetime | None


class RoleBatchNetwork(BaseModel):
    """A network in which the role changed hands: who held it before. `kept`: an undo left it as it is."""

    id: str
    slug: str
    name: str
    before: list[str]
    kept: bool


class WholeRoleBatch(RoleBatch):
    """The same with its networks."""

    networks: list[RoleBatchNetwork]
