"""What the gateway alone may ask: who signs in, and who a session or a personal token stands for."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.membership import commands, passwords, queries
from services.membership.api.second_factor import begun, confirmed
from services.membership.schemas import (
    AppKey,
    CodeOf,
    Credentials,
    FirstAccount,
    NewSignIn,
    PrincipalOut,
    ProvenIdentity,
    RecoveryCodes,
    ResolvedToken,
    SignedIn,
    Standing,
    TokenSecret,
)
from services.membership.tables import Account, Person
from shared.auth import Principal, Session, gateway_only, may
from shared.boundary import Question, Router
from shared.errors import NotSignedIn

router = Router(prefix="/internal", tags=["internal"], include_in_schema=False)
asking = APIRouter(prefix="/internal", tags=["internal"], include_in_schema=False, route_class=Question)


class WrongCredentials(NotSignedIn):
    """The e-mail address or the password is not right; check both and try again."""


class WrongToken(NotSignedIn):
    """The token is not known, was withdrawn or is too old; make a new one."""


@asking.post("/sign-in")
async def sign_in(body: Credentials, session: Session, _by: Principal = may(gateway_only, "internal")) -> SignedIn:
    """Who has this e-mail address and password. Takes as long where nobody has; the gateway counts the tries."""
    person, stored = await queries.account_by_email(session, body.email)
    since, _ = await queries.second_factor_of(session, person.id if person else "")
    await session.close()  # hashing takes a while and needs no connection
    if not await passwords.matches(body.password, stored) or person is None:
        raise WrongCredentials
    return SignedIn(**shown(person).model_dump(), email=person.email, has_second_factor=since is not None)


@router.post("/sign-in/provider")
async def sign_in_by_provider(
    body: ProvenIdentity, session: Session, _by: Principal = may(gateway_only, "internal")
) -> SignedIn:
    """Who that is whom an identity provider has proved; linked, and given what their claims say."""
    standing = body.standing.model_dump(exclude_unset=True)
    fields = body.model_dump(include={"issuer", "subject", "email", "name", "add"})
    person = await commands.recognise(session, **fields, standing=standing)
    since, _ = await queries.second_factor_of(session, person.id)
    return SignedIn(**shown(person).model_dump(), email=person.email, has_second_factor=since is not None)


@router.post("/sign-ins", status_code=204)
async def note_sign_in(body: NewSignIn, session: Session, _by: Principal = may(gateway_only, "internal")) -> None:
    """That somebody has signed in, with which browser."""
    about = body.model_dump(include={"browser", "address", "end"})
    await commands.note_sign_in(session, person_id=body.person_id, is_known=body.is_known, about=about)


@router.post("/second-factor/check", status_code=204)
async def check_code(
    body: CodeOf, session: Session, request: Request, _by: Principal = may(gateway_only, "internal")
) -> None:
    """Use up a code of somebody whose password was right."""
    key = request.app.state.parts.settings.services_key
    await commands.use_code(session, person_id=body.person_id, code=body.code, key=key)


@router.post("/second-factor/{person_id}/begin")
async def begin_second_factor(
    person_id: str, session: Session, request: Request, response: Response,
    _by: Principal = may(gateway_only, "internal"),
) -> AppKey:  # fmt: skip
    """Begin to set up an app for somebody whose password was right, and who must have one to go on."""
    return await begun(session, request, response, person_id)


@router.post("/second-factor/confirm")
async def confirm_second_factor(
    body: CodeOf, session: Session, request: Request, response: Response,
    _by: Principal = may(gateway_only, "internal"),
) -> RecoveryCodes:  # fmt: skip
    """The first code of that app."""
    return await confirmed(session, request, response, body.person_id, body.code)


@asking.post("/tokens/resolve")
async def resolve_token(
    body: TokenSecret, session: Session, request: Request, _by: Principal = may(gateway_only, "internal")
) -> ResolvedToken:
    """Whose a personal token is, and what it may be used for.

    A question, so that it never waits for a writer, but for noting every ten minutes that the token is in use.
    """
    found = await queries.token_holder(session, body.token)
    if found is None:
        raise WrongToken
    person, token = found
    if not commands.is_noted(token):
        async with request.app.state.parts.database.transaction() as writing:
            await commands.note_use(writing, token_id=token.id)
    return ResolvedToken(**shown(person).model_dump(), scopes=token.scopes)


@router.get("/principals/{person_id}")
async def get_principal(person_id: str, session: Session, _by: Principal = may(gateway_only, "internal")) -> Standing:
    """Who somebody is now: what a session is worth."""
    person = await queries.person_called(session, person_id)
    account = await session.get(Account, person_id)
    return Standing(**shown(person).model_dump(), changed_at=account.changed_at if account else None)


@router.post("/accounts/first", status_code=201)
async def make_first_account(
    body: FirstAccount, session: Session, _by: Principal = may(gateway_only, "internal")
) -> PrincipalOut:
    """Use the one-time link up."""
    fields = body.model_dump(include={"link", "email", "name", "password"})
    return shown(await commands.make_first_account(session, **fields))


def shown(person: Person) -> PrincipalOut:
    """What the gateway signs for a person."""
    return PrincipalOut(person_id=person.id, name=person.name, is_staff=person.is_staff, bodies=person.bodies)
