"""Bodies of signing in: passwords, second factors, tokens, invitations, and what the gateway asks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.membership.schemas.people import Codes, OdsCode, RoleName
from shared.boundary import ChangeBody
from shared.fields import Line, Name
from shared.mailer.addresses import MailAddress

Password = Annotated[str, Field(min_length=15, max_length=200)]
Secret = Annotated[str, Field(max_length=500)]


class NewPassword(ChangeBody):
    """Another password; one's own takes the present one too."""

    present: Secret = ""
    password: Password


class ResetAsked(ChangeBody):
    """An address whose owner wants to choose a new password."""

    email: Annotated[MailAddress, Field(max_length=320)]


class ResetPassword(ChangeBody):
    """A new password, against the secret of a mailed link."""

    key: Secret
    password: Password


class NewEmail(ChangeBody):
    """Another address of one's own; `code` is one of the authenticator app, where there is one."""

    email: Annotated[MailAddress, Field(max_length=320)]
    present: Secret
    code: Annotated[str, Field(max_length=40)] = ""


class EmailKey(BaseModel):
    """The secret of the link that was mailed to a new address."""

    model_config = ConfigDict(extra="forbid")

    key: Secret


class EmailChangeOut(BaseModel):
    """An address that waits for the link that was mailed there to be pressed."""

    model_config = ConfigDict(from_attributes=True)

    email: str
    asked_at: datetime
    expires_at: datetime


class NewInvitation(ChangeBody):
    """Somebody to be invited to an account."""

    email: Annotated[MailAddress, Field(max_length=320)]
    name: Line = ""


class NewNetworkInvitation(NewInvitation):
    """Somebody to be invited to a role in a network."""

    role: RoleName = "member"


class InvitationKey(BaseModel):
    """The secret of an invitation's mailed link."""

    model_config = ConfigDict(extra="forbid")

    key: Secret


class Acceptance(ChangeBody):
    """An invitation accepted; the name and the password are for who has no account yet."""

    key: Secret
    name: Line = ""
    password: Password | Literal[""] = ""


class InvitationOut(BaseModel):
    """An invitation; `status` is open, accepted, withdrawn or over. `refusal`: why its mail was not taken.

    `warning`: that its mail may not arrive, because mail to the address comes back or is not wanted, and what to do.
    """

    id: str
    email: str
    name: str
    network_id: str
    network_name: str
    role: str
    status: str
    created_at: datetime
    expires_at: datetime
    refusal: str
    warning: str = Field("", description="Why its mail may not arrive, and what to do; empty if nothing is known.")


class Invited(BaseModel):
    """What a link invites to, and whether its reader can sign in already."""

    email: str
    name: str
    network_name: str
    network_slug: str
    role: str
    inviter: str
    has_account: bool


class NewToken(ChangeBody):
    """A personal token to be made; its name says which program it is for."""

    name: Line = ""
    scopes: Annotated[list[Line], Field(min_length=1, max_length=20)]
    days: Annotated[int, Field(ge=1, le=365)] = 90


class TokenOut(BaseModel):
    """A personal token; its secret was shown once."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = Field(description="When it was used last, within ten minutes; null: never.")


class MadeToken(TokenOut):
    """A personal token with its secret, this once."""

    token: str


class Credentials(BaseModel):
    """What somebody signs in with."""

    model_config = ConfigDict(extra="forbid")

    email: Secret
    password: Secret


class ClaimedStanding(BaseModel):
    """What an identity provider's claims make of somebody; what is left out is left as it is."""

    model_config = ConfigDict(extra="forbid")

    is_staff: bool = False
    is_associate: bool = False
    bodies: Codes = Field(default_factory=list)
    organisation: OdsCode | Literal[""] = ""


class ProvenIdentity(BaseModel):
    """Somebody whom an identity provider has proved; `email` is empty unless it has verified that, too."""

    model_config = ConfigDict(extra="forbid")

    issuer: Secret
    subject: Secret
    email: MailAddress | Literal[""]
    name: Line
    standing: ClaimedStanding
    add: bool


class TokenSecret(BaseModel):
    """A personal token's secret."""

    model_config = ConfigDict(extra="forbid")

    token: Secret


class FirstAccount(ChangeBody):
    """The first account of a member of staff, against the one-time link."""

    link: Secret
    email: MailAddress
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


class NewSignIn(BaseModel):
    """Somebody signed in: with which browser, from which address, and the page that ends that; from the gateway."""

    person_id: Annotated[str, Field(max_length=64)]
    is_known: bool
    browser: Annotated[str, Field(max_length=80)]
    address: Annotated[str, Field(max_length=80)]
    end: Annotated[str, Field(max_length=1000)]


class AppKey(BaseModel):
    """What an authenticator app is given: the secret (base32), and the same as an address that apps read."""

    secret: str
    uri: str


class RecoveryCodes(BaseModel):
    """The recovery codes, shown this once."""

    codes: list[str]


class PrincipalOut(BaseModel):
    """Who somebody is, for the gateway to sign."""

    person_id: str
    name: str
    is_staff: bool
    bodies: list[str]


class Standing(PrincipalOut):
    """Who somebody is, and when their password was changed: a session that began earlier is over."""

    changed_at: datetime | None = None


class SignedIn(PrincipalOut):
    """Whose the password is, and whether a code is to be asked for, too."""

    email: str
    has_second_factor: bool


class ResolvedToken(PrincipalOut):
    """Whose a personal token is, and what it may be used for."""

    scopes: list[str]
