"""Bodies of people, organisations and roles."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.boundary import ChangeBody
from shared.fields import Line, Name, Page
from shared.mailer.addresses import MailAddress

RoleName = Literal[
    "lead_doctor", "lead_nurse", "lead_professional", "lead_manager", "co_ordinator", "chair",
    "patient_representative", "sha_lead", "member",
]  # fmt: skip
Kind = Literal["trust", "pct", "sha", "practice", "voluntary", "academic", "other"]
OdsCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{3,10}$")]
Email = MailAddress | Literal[""]
Words = Annotated[list[Name], Field(max_length=50)]
Codes = Annotated[list[OdsCode], Field(max_length=20)]


class RoleOut(BaseModel):
    """Somebody's role in a network, from a day to a day, both included."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    revision: int
    network_id: str
    person_id: str
    name: str = ""
    role: str
    since: date = Field(serialization_alias="from")
    until: date | None = Field(serialization_alias="to")
    status: str


class Roles(Page[RoleOut]):
    """The roles of a network, the lead roles that nobody holds, and how many people belong to it."""

    vacancies: list[str]
    members: int


class Shared(BaseModel):
    """How many people belong to a network, to another one, and to both."""

    members: int
    there: int
    both: int


class NewRole(ChangeBody):
    """A role to be given. `replace` is true for the lead roles unless said otherwise."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, populate_by_name=True)

    person_id: Annotated[str, Field(min_length=1, max_length=64)]
    role: RoleName
    since: date | None = Field(None, alias="from")
    until: date | None = Field(None, alias="to")
    replace: bool | None = None


class RoleEnd(ChangeBody):
    """The last day of a role; today when left out."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, populate_by_name=True)

    until: date | None = Field(None, alias="to")


class PersonName(BaseModel):
    """What anybody signed in may see of a person."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    professions: list[str]
    organisation: str


class PersonOut(PersonName):
    """A person's record."""

    revision: int
    email: str
    interests: list[str]
    is_staff: bool
    is_associate: bool
    bodies: list[str]
    created_at: datetime
    updated_at: datetime


class PersonFields(ChangeBody):
    """The fields of a person; each may be left out of a change."""

    name: Name | None = None
    email: Email = ""
    professions: Words = Field(default_factory=list)
    interests: Words = Field(default_factory=list)
    organisation: OdsCode | Literal[""] = ""
    is_staff: bool = False
    is_associate: bool = False
    bodies: Codes = Field(default_factory=list)


class NewPerson(PersonFields):
    """A person to be made known."""

    name: Name


class OrganisationOut(BaseModel):
    """An organisation."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    revision: int
    code: str | None
    kind: str
    name: str
    body: str
    town: str
    postcode: str


class OrganisationFields(ChangeBody):
    """The fields of an organisation; each may be left out of a change."""

    code: OdsCode | None = None
    kind: Kind | None = None
    name: Name | None = None
    body: OdsCode | Literal[""] = ""
    town: Line = ""
    postcode: Annotated[Line, Field(max_length=10)] = ""


class NewOrganisation(OrganisationFields):
    """An organisation to be made known."""

    kind: Kind
    name: Name


class MyNetwork(BaseModel):
    """A network that one belongs to, once for each role."""

    id: str
    name: str
    slug: str
    role: str


class MyBody(BaseModel):
    """An oversight body that one is an officer of."""

    code: str
    name: str


class Me(BaseModel):
    """Who asks, what their token may do, and where they belong."""

    person: PersonOut
    scopes: list[str]
    networks: list[MyNetwork]
    bodies: list[MyBody]
    is_staff: bool
