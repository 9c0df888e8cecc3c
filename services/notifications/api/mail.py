"""Leaving from within a mail, and the local mailbox."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from typing import Annotated, Any

from fastapi import Query, Request

from services.notifications.api.newsletter import WrongCursor, stationery
from services.notifications.commands import switching
from services.notifications.commands.following import unsubscribe
from services.notifications.commands.preferences import no_immediate, no_summary
from services.notifications.delivery.rows import stop_copies
from services.notifications.schemas.newsletter import MailOut, MailSummary, Stopping
from shared.auth import Principal, Session, anyone, may, staff
from shared.boundary import Router
from shared.errors import NotFound
from shared.fields import Page

router = Router(tags=["newsletter"])
WHAT = {
    "newsletter": "the weekly newsletter",
    "alerts": "a mail for each alert",
    "summary": "a summary of what changed",
    "subscription": "messages to this webhook",
}


class NoMailbox(NotFound):
    """Mail goes to a mail server here, so there is no local mailbox to read."""


class NoSuchMail(NotFound):
    """There is no mail with this id in the mailbox."""


@router.get("/unsubscribe/{token}")
async def what_stops(
    token: str, request: Request, _session: Session, _by: Principal = may(anyone, "newsletter:read")
) -> Stopping:
    """What the link of a mail would stop. Looking stops nothing: mail programs follow links by themselves."""
    kind, _ = stationery(request).read_token(token)
    why = f"You get {WHAT[kind]} because you asked for it. Press the button to get it no more."
    return Stopping(kind=kind, stopped=False, sentence=why)


@router.post("/unsubscribe/{token}")
async def stop(
    token: str, request: Request, session: Session, _by: Principal = may(anyone, "newsletter:write")
) -> Stopping:
    """One click (RFC 8058): no sign-in, no cookie; done again, it changes nothing."""
    kind, reader_id = stationery(request).read_token(token)
    await stop_copies(session, "alert" if kind == "alerts" else kind, reader_id)
    if kind == "subscription":
        await switching.stop(session, reader_id)
    elif kind == "alerts":
        await no_immediate(session, reader_id)
    elif kind == "summary":
        await no_summary(session, reader_id)
    else:
        await unsubscribe(session, reader_id)
    return Stopping(kind=kind, stopped=True, sentence=f"You will not get {WHAT[kind]} any more.")


@router.get("/mailbox")
async def list_mails(
    request: Request, _session: Session, recipient: Annotated[str, Query(max_length=254)] = "",
    q: Annotated[str, Query(max_length=200)] = "", cursor: Annotated[str, Query(max_length=18)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50, _by: Principal = may(staff, "newsletter:read"),
) -> Page[MailSummary]:  # fmt: skip
    """The newest mails of the local mailbox."""
    mailbox = _mailbox(request)
    if cursor and not (cursor.isascii() and cursor.isdigit()):
        raise WrongCursor
    last = int(cursor) if cursor else None
    found = await mailbox.list(recipient=recipient or None, query=q or None, limit=limit + 1, before=last)
    items = [_summary(mail) for mail in found[:limit]]
    following = str(found[limit - 1].number) if len(found) > limit else None
    return Page(items=items, next=following, total=await mailbox.count(recipient or None, q or None))


@router.get("/mailbox/{message_id}")
async def get_mail(
    message_id: str, request: Request, _session: Session, _by: Principal = may(staff, "newsletter:read")
) -> MailOut:
    """One mail of the local mailbox."""
    mail = await _mailbox(request).read(message_id)
    if mail is None:
        raise NoSuchMail
    read = email.message_from_bytes(mail.content, policy=email.policy.default)
    return MailOut(
        message_id=mail.message_id, recipient=mail.recipient, subject=str(read["subject"]),
        time=read["date"].datetime, headers={name: str(value) for name, value in read.items()},
        text=_body(read, "plain"), html=_body(read, "html"),
    )  # fmt: skip


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _summary(mail: Any) -> MailSummary:
    return MailSummary(
        message_id=mail.message_id, recipient=mail.recipient, subject=mail.subject, time=mail.received_at
    )


def _mailbox(request: Request) -> Any:
    """The mailer, where it is the local mailbox. Raises NoMailbox."""
    from shared.mailer.mailbox import LocalMailbox

    mailer = request.app.state.parts.mailer
    if not isinstance(mailer, LocalMailbox):
        raise NoMailbox
    return mailer
