"""Signing up without an account, readers who agreed elsewhere, and addresses to which no mail goes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from services.notifications.commands import reader_lists, readers
from services.notifications.commands.returned import NotSuppressed, lift, take_returned
from services.notifications.confirmations import Confirmations
from services.notifications.queries import readers as queries
from services.notifications.returned import read_returned
from services.notifications.schemas.readers import (
    Judged,
    Lifting,
    MyAddress,
    Reader,
    ReaderList,
    Said,
    SignUp,
    Suppression,
    Taken,
)
from shared.auth import Principal, Session, anyone, may, signed_in, staff
from shared.boundary import Router
from shared.declared import MAY_END, takes_file
from shared.fields import Page

router = Router(tags=["newsletter"])
Words = Annotated[str, Query(max_length=200)]
After = Annotated[str, Query(max_length=254)]
Limit = Annotated[int, Query(ge=1, le=200)]
ASKED = "Look into your mail: if this address can get the newsletter, a link to confirm it is there within a minute."


@router.post("/newsletter/sign-ups", status_code=202)
async def sign_up(body: SignUp, session: Session, _by: Principal = may(anyone, "newsletter:write")) -> Said:
    """Ask for the newsletter. The answer is the same for every address; a mail asks its owner to confirm."""
    await readers.ask_to_read(session, address=body.email, name=body.name, wanted=body.care_groups)
    return Said(sentence=ASKED)


@router.get("/newsletter/confirmations/{token}", responses=MAY_END)
async def what_is_confirmed(
    token: str, request: Request, _session: Session, _by: Principal = may(anyone, "newsletter:read")
) -> Said:
    """What the link in the mail would do. Looking does nothing: mail programs follow links by themselves."""
    Confirmations(request.app.state.parts.settings).reader_in(token)
    return Said(sentence="Press the button, and the newsletter comes to this address from the next issue on.")


@router.post("/newsletter/confirmations/{token}", responses=MAY_END)
async def confirm(
    token: str, request: Request, session: Session, _by: Principal = may(anyone, "newsletter:write")
) -> Said:
    """Confirm; done again, it changes nothing."""
    await readers.confirm(session, Confirmations(request.app.state.parts.settings).reader_in(token))
    return Said(sentence="You get the newsletter from the next issue on. Every issue has a link to stop it.")


@router.get("/newsletter/readers")
async def list_readers(
    session: Session, q: Words = "", cursor: After = "", limit: Limit = 50,
    _by: Principal = may(staff, "newsletter:read"),
) -> Page[Reader]:  # fmt: skip
    """The readers, each with how and when they agreed."""
    found, total = await queries.readers_page(session, words=q, after=cursor, limit=limit + 1)
    items = [Reader.model_validate(row) for row in found[:limit]]
    return Page(items=items, next=items[-1].id if len(found) > limit else None, total=total)


@router.post("/newsletter/readers/import")
async def import_readers(body: ReaderList, session: Session, by: Principal = may(staff, "newsletter:write")) -> Judged:
    """Judge a list of readers who agreed elsewhere, and without `dry_run` take the good rows."""
    return Judged.model_validate(await reader_lists.import_readers(session, body.csv, by=by, dry_run=body.dry_run))


@router.get("/mail/suppressions")
async def list_suppressions(
    session: Session, q: Words = "", cursor: After = "", limit: Limit = 50,
    _by: Principal = may(staff, "newsletter:read"),
) -> Page[Suppression]:  # fmt: skip
    """Addresses to which no mail goes, and why."""
    found, total = await queries.suppressions_page(session, words=q, after=cursor, limit=limit + 1)
    items = [Suppression.model_validate(dict(row)) for row in found[:limit]]
    return Page(items=items, next=items[-1].address if len(found) > limit else None, total=total)


@router.post("/mail/suppressions/lift", status_code=204)
async def lift_suppression(body: Lifting, session: Session, _by: Principal = may(staff, "newsletter:write")) -> None:
    """Send mail to an address again."""
    await lift(session, body.address)


@router.get("/mail/mine")
async def my_address(session: Session, by: Principal = may(signed_in, "newsletter:read")) -> MyAddress:
    """Whether mail goes to your address."""
    address = await queries.address_of(session, by.person_id)
    found = await queries.suppression_of(session, address)
    return MyAddress(address=address, suppressed=Suppression.model_validate(dict(found)) if found else None)


@router.post("/mail/mine/lift", status_code=204)
async def lift_mine(session: Session, by: Principal = may(signed_in, "newsletter:write")) -> None:
    """Get mail at your address again. Should it be refused again, it stops again."""
    address = await queries.address_of(session, by.person_id)
    if not address:
        raise NotSuppressed
    await lift(session, address)


@router.post("/mail/returned", openapi_extra=takes_file("message/rfc822"))
async def returned(request: Request, session: Session, _by: Principal = may(staff, "newsletter:write")) -> Taken:
    """Take a mail that came back, as message/rfc822: a bounce (RFC 3464) or a complaint (RFC 5965)."""
    found = read_returned(await request.body())
    key = request.app.state.parts.settings.services_key
    believed = await take_returned(session, found, key=key, trusted=True)
    return Taken(found=len(found), believed=believed.new)
