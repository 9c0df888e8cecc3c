"""Request and response bodies of membership."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, EmailStr, Field

from shared.boundary import ChangeBody
from shared.fields import Line, Name, Page

RoleName = Literal[
    "lead_doctor", "lead_nurse", "lead_professional", "lead_manager", "co_ordinator", "chair",
    "patient_representative", "sha_lead", "member",
]  # fmt: skip
Kind = Literal["trust", "pct", "sha", "practice", "voluntary", "academic", "other"]
OdsCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{3,10}$")]
Email = EmailStr | Literal[""]
Words = Annotated[list[Name], Field(max_length=50)]
Codes = Annotated[list[OdsCode], Field(max_length=20)]
Password = Annotated[str, Field(min_length=10, max_length=200)]
Secret = Annotated[str, Field(max_length=500)]


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


class NewPassword(ChangeBody):
    """Another password; one's own takes the present one too."""

    present: Secret = ""
    password: Password


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


class NewToken(ChangeBody):
    """A personal token to be made."""

    scopes: Annotated[list[Line], Field(min_length=1, max_length=20)]
    days: Annotated[int, Field(ge=1, le=365)] = 90


class TokenOut(BaseModel):
    """A personal token; its secret was shown once."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime


class MadeToken(TokenOut):
    """A personal token with its secret, this once."""

    token: str


class Credentials(BaseModel):
    """What somebody signs in with."""

    model_config = ConfigDict(extra="forbid")

    email: Secret
    password: Secret


class TokenSecret(BaseModel):
    """A personal token's secret."""

    model_config = ConfigDict(extra="forbid")

    token: Secret


class FirstAccount(ChangeBody):
    """The first account of a member of staff, against the one-time link."""

    link: Secret
    email: EmailStr
    name: Name
    password: Password


class SecondFactorStanding(BaseModel):
    """Whether signing in takes a code of an app, since when, and how many recovery codes are left."""

    is_set: bool
    since: datetime | None = None
    recovery_codes_left: int = 0


class PresentPassword(BaseModel):
    """One's own password, to set up what guards it."""

    model_config = ConfigDict(extra="forbid")

    password: Secret


class Code(BaseModel):
    """A code of an authenticator app, or a recovery code."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=6, max_length=40)]


class CodeOf(Code):
    """Somebody's code, for the gateway, which asks before anybody is signed in."""

    person_id: Annotated[str, Field(max_length=64)]


class AppKey(BaseModel):
    """What an authenticator app is given: the secret (base32), and the same as an address that apps read."""

    secret: str
    uri: str


class RecoveryCodes(BaseModel):
    """The recovery codes, shown this once."""

    codes: list[str]


class SignedIn(BaseModel):
    """Whose the password is, and whether a code is to be asked for, too."""

    person_id: str
    name: str
    is_staff: bool
    bodies: list[str]
    has_second_factor: bool


class PrincipalOut(BaseModel):
    """Who somebody is, for the gateway to sign."""

    person_id: str
    name: str
    is_staff: bool
    bodies: list[str]


class ResolvedToken(PrincipalOut):
    """Whose a personal token is, and what it may be used for."""

    scopes: list[str]
