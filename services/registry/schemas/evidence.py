"""Evidence as people record it, and as the register shows it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from services.registry.schemas.rules import Code
from shared.boundary import ChangeBody
from shared.fields import Line, Name


def _link(value: str) -> str:
    ours = value.startswith("/") and not value.startswith(("//", "/\\"))
    if " " in value or not (ours or value.startswith(("http://", "https://"))):
        raise ValueError("must begin with https:// or http://, or be a page of ours such as /events/…")
    return value


Link = Annotated[Line, AfterValidator(_link)]


class EvidenceFields(ChangeBody):
    """What can be changed of evidence; each may be left out."""

    title: Name | None = None
    link: Link | None = None
    dated: date | None = None
    review_by: date | None = None

    def given(self) -> dict[str, Any]:
        """What was sent with a value."""
        return {name: value for name, value in self.fields().items() if value is not None}


class NewEvidence(EvidenceFields):
    """Evidence to be recorded. Without `review_by` it lasts as long as its standard says."""

    kind: Code
    title: Name
    link: Link
    dated: date


class Evidence(BaseModel):
    """Evidence, as the register shows it; `status` is current, lapsed or retracted."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    revision: int
    network_id: str
    kind: str
    title: str
    link: str
    dated: date
    review_by: date | None
    status: str
    recorded_by: str
    recorded_by_name: str = ""
    created_at: datetime
    updated_at: datetime
