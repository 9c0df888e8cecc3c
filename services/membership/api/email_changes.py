"""One's own e-mail address: asked for against the password, confirmed by a link to the new one."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.membership import commands, queries
from services.membership.limits import forget_tries, require_few_letters, require_few_tries
from services.membership.schemas import EmailChangeOut, EmailKey, NewEmail, PersonName
from shared.auth import Principal, Session, anyone, may, signed_in
from shared.boundary import Question, Router

router = Router(tags=["me"])
asking = APIRouter(tags=["me"], route_class=Question)


@router.post("/me/email-change", status_code=202)
async def ask_for_email(
    body: NewEmail, session: Session, request: Request, response: Response,
    by: Principal = may(signed_in, "people:write"),
) -> EmailChangeOut:  # fmt: skip
    """Have a link mailed to your new address, against your password and, where you have an app, a code of it."""
    parts = request.app.state.parts
    await require_few_tries(parts.store, by.person_id)
    await commands.require_password(session, person_id=by.person_id, present=body.present)
    await commands.require_code(session, person_id=by.person_id, code=body.code, key=parts.settings.services_key)
    await forget_tries(parts.store, by.person_id)
    await require_few_letters(parts.store, body.email)
    response.headers["cache-control"] = "no-store"
    asked = await commands.ask_for_email(session, person_id=by.person_id, email=body.email)
    return EmailChangeOut.model_validate(asked)


@router.get("/me/email-change", responses={404: {"description": "None waits."}})
async def get_email_change(session: Session, by: Principal = may(signed_in, "people:read")) -> EmailChangeOut:
    """The address that waits for its link to be pressed."""
    return EmailChangeOut.model_validate(await queries.email_change_of(session, by.person_id))


@router.delete("/me/email-change", status_code=204)
async def withdraw_email(session: Session, by: Principal = may(signed_in, "people:write")) -> None:
    """Leave your address as it is; the mailed link opens nothing any more."""
    await commands.withdraw_email(session, person_id=by.person_id)


@asking.post("/email-changes/look")
async def look_at_email_change(
    body: EmailKey, session: Session, _by: Principal = may(anyone, "people:read")
) -> EmailChangeOut:
    """Which address a mailed link confirms."""
    return EmailChangeOut.model_validate(await queries.email_change_by_key(session, body.key))


@router.post("/email-changes/confirm")
async def confirm_email(body: EmailKey, session: Session, _by: Principal = may(anyone, "people:write")) -> PersonName:
    """Confirm your new address: from now on you sign in with it. The old one is told."""
    return PersonName.model_validate(await commands.confirm_email(session, key=body.key))
