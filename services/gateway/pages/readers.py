"""The newsletter's readers: who they are and how they agreed, lists from elsewhere, and addresses that get no mail."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.forms import error_list, text
from services.gateway.visit import Visit, page

PAGE = 50
HERE = "/staff/newsletter-readers"


async def readers(visit: Visit) -> Response:
    """The readers, each with the proof that they agreed."""
    visit.require_staff()
    words, cursor = visit.query.get("q", ""), visit.query.get("cursor", "")
    found = await visit.ask("notifications", "/newsletter/readers", q=words, cursor=cursor, limit=PAGE)
    following = f"{HERE}?{urlencode({'q': words, 'cursor': found['next']})}" if found["next"] else ""
    return visit.page(
        "desk/readers.html", "Readers of the newsletter", found=found, q=words, first=HERE if cursor else "",
        next=following,
    )  # fmt: skip


async def importing(visit: Visit) -> Response:
    """The form for a list."""
    visit.require_staff()
    return visit.page("desk/import_readers.html", "Bring in readers", judged=None, list="")


async def bring_in(visit: Visit) -> Response:
    """Judge a list, show what would become of each row, and take it when that was seen."""
    form = await visit.form()
    listed, confirmed = await _list(form), text(form, "press") == "take"
    try:
        body = {"csv": listed, "dry_run": not confirmed}
        judged = await visit.change("notifications", "POST", "/newsletter/readers/import", body)
    except Refused as refused:
        if refused.status != 422:
            raise
        return _form(visit, errors=error_list(refused, {"csv": "List"}, "file"), status=422)
    return _form(visit, judged=judged, list=listed)


def _form(visit: Visit, *, status: int = 200, **more: Any) -> Response:
    values = {"judged": None, "list": "", **more}
    return visit.page("desk/import_readers.html", "Bring in readers", status=status, **values)


async def _list(form: FormData) -> str:
    """The file's text, or what was shown before. A spreadsheet program may have saved it in Windows' encoding."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.size:
        return text(form, "list")
    content = await file.read()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


async def suppressions(visit: Visit) -> Response:
    """Addresses that get no mail, why, and the way back."""
    visit.require_staff()
    words, cursor = visit.query.get("q", ""), visit.query.get("cursor", "")
    found = await visit.ask("notifications", "/mail/suppressions", q=words, cursor=cursor, limit=PAGE)
    here = "/staff/mail"
    following = f"{here}?{urlencode({'q': words, 'cursor': found['next']})}" if found["next"] else ""
    return visit.page(
        "desk/suppressions.html", "Addresses that get no mail", found=found, q=words, first=here if cursor else "",
        next=following,
    )  # fmt: skip


async def lift(visit: Visit) -> Response:
    """Send mail to an address again."""
    form = await visit.form()
    body = {"address": text(form, "address"), "reason": "by staff, on the page of addresses that get no mail"}
    await visit.change("notifications", "POST", "/mail/suppressions/lift", body)
    return visit.back("/staff/mail?done=mail-again")


async def my_mail(visit: Visit) -> Response:
    """Whether mail goes to one's own address."""
    visit.require_signed_in()
    return visit.page("account/mail.html", "Mail to you", found=await visit.ask("notifications", "/mail/mine"))


async def lift_mine(visit: Visit) -> Response:
    """Get mail at one's own address again."""
    await visit.form()
    await visit.change("notifications", "POST", "/mail/mine/lift")
    return visit.back("/mail?done=mail-again")


ROUTES = [
    page(HERE, readers),
    page(f"{HERE}/import", importing),
    page(f"{HERE}/import", bring_in, "POST"),
    page("/staff/mail", suppressions),
    page("/staff/mail", lift, "POST"),
    page("/mail", my_mail),
    page("/mail", lift_mine, "POST"),
]
