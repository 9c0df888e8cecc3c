"""One's own second factor: an authenticator app beside the password."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership import commands, queries
from services.membership.limits import forget_tries, require_few_tries
from services.membership.schemas import AppKey, Code, PresentPassword, RecoveryCodes, SecondFactorStanding
from shared.auth import Principal, Session, may, signed_in, staff
from shared.boundary import Router
from shared.config import Settings

router = Router(tags=["me"])


@router.get("/me/second-factor")
async def get_second_factor(session: Session, by: Principal = may(signed_in, "people:read")) -> SecondFactorStanding:
    """Whether signing in takes a code of an app."""
    since, left = await queries.second_factor_of(session, by.person_id)
    return SecondFactorStanding(is_set=since is not None, since=since, recovery_codes_left=left)


@router.post("/me/second-factor", status_code=201)
async def begin_second_factor(
    body: PresentPassword, session: Session, request: Request, response: Response,
    by: Principal = may(signed_in, "people:write"),
) -> AppKey:  # fmt: skip
    """Begin to set up an app, against the password. It counts once a code of it was given."""
    store = request.app.state.parts.store
    await require_few_tries(store, by.person_id)
    await commands.require_password(session, person_id=by.person_id, present=body.password)
    await forget_tries(store, by.person_id)
    return await begun(session, request, response, by.person_id)


@router.post("/me/second-factor/confirm")
async def confirm_second_factor(
    body: Code, session: Session, request: Request, response: Response,
    by: Principal = may(signed_in, "people:write"),
) -> RecoveryCodes:  # fmt: skip
    """Give the first code of the app: from now on signing in takes one. The recovery codes are shown this once."""
    return await confirmed(session, request, response, by.person_id, body.code)


@router.post("/me/second-factor/remove", status_code=204)
async def remove_own_second_factor(
    body: Code, session: Session, request: Request, by: Principal = may(signed_in, "people:write")
) -> None:
    """Let the password alone do again, against a code."""
    key = request.app.state.parts.settings.services_key
    await commands.use_code(session, person_id=by.person_id, code=body.code, key=key)
    await commands.remove_second_factor(session, person_id=by.person_id)


@router.delete("/people/{person_id}/second-factor", status_code=204)
async def remove_second_factor(person_id: str, session: Session, by: Principal = may(staff, "people:write")) -> None:
    """Help somebody who has lost the app and the recovery codes: their password alone does again."""
    commands.require_whole(by)
    await queries.person_called(session, person_id)
    await commands.remove_second_factor(session, person_id=person_id)


async def begun(session: AsyncSession, request: Request, response: Response, person_id: str) -> AppKey:
    """A new secret, as apps read it (the Key URI Format of authenticator apps); kept nowhere on its way."""
    settings: Settings = request.app.state.parts.settings
    secret = await commands.begin_second_factor(session, person_id=person_id, key=settings.services_key)
    person = await queries.person_called(session, person_id)
    response.headers["cache-control"] = "no-store"
    issuer, account = quote(settings.name), quote(person.email or person.name)
    return AppKey(secret=secret, uri=f"otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}")


async def confirmed(
    session: AsyncSession, request: Request, response: Response, person_id: str, code: str
) -> RecoveryCodes:
    """The recovery codes, against a first code; kept nowhere on their way."""
    key = request.app.state.parts.settings.services_key
    codes = await commands.confirm_second_factor(session, person_id=person_id, code=code, key=key)
    response.headers["cache-control"] = "no-store"
    return RecoveryCodes(codes=codes)
