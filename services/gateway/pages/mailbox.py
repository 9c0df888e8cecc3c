"""The local mailbox: where mail goes when no mail server is set, so that it can be read all the same."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from services.gateway.visit import Visit, page

PAGE = 50
FRAMED = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
    ),
    "x-frame-options": "SAMEORIGIN",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
"""Headers of a mail's HTML in a frame: its own styles apply, and nothing in it may run or load."""


async def mailbox(visit: Visit) -> Response:
    """The newest mails."""
    visit.require_staff()
    words, before = visit.query.get("q", ""), visit.query.get("before", "")
    found = await visit.ask("notifications", "/mailbox", q=words, cursor=before, limit=PAGE)
    return visit.page(
        "mailbox/list.html", "Mailbox", found=found, q=words, first="/mailbox" if before else "",
        next=f"/mailbox?before={found['next']}&q={words}" if found["next"] else "",
    )  # fmt: skip


async def mail(visit: Visit) -> Response:
    """One mail: what its reader sees, and the headers that give them a way out."""
    visit.require_staff()
    found = await visit.ask("notifications", f"/mailbox/{quote(visit.path['id'])}")
    headers = {str(name).lower(): str(value) for name, value in dict(found["headers"]).items()}
    return visit.page(
        "mailbox/mail.html", found["subject"], mail=found, headers=headers, way_out=_way_out(visit, headers)
    )


async def html(visit: Visit) -> Response:
    """The HTML part alone, for the frame: its own styles may apply, and nothing in it may run or load."""
    visit.require_staff()
    found = await visit.ask("notifications", f"/mailbox/{quote(visit.path['id'])}")
    return Response(found["html"], media_type="text/html", headers=FRAMED)


def _way_out(visit: Visit, headers: dict[str, str]) -> str:
    """The path of the one-click link, where it is one of ours."""
    for part in headers.get("list-unsubscribe", "").split(","):
        address = part.strip().strip("<>")
        _, found, token = address.partition("/unsubscribe/")
        if found and token.isascii() and "/" not in token:
            return f"/unsubscribe/{token}"
    return ""


ROUTES = [page("/mailbox", mailbox), page("/mailbox/{id}/html", html), page("/mailbox/{id}", mail)]
