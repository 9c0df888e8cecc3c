"""The newsletter as one reader will get it: the mail itself, in HTML and text, why each item is in it, and a test."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.forms import error_list, text
from services.gateway.pages.mailbox import FRAMED
from services.gateway.visit import Visit, page


async def preview(visit: Visit) -> Response:
    """A copy, and a search for whose."""
    visit.require_staff()
    return await _preview(visit, visit.query.get("reader", ""))


async def _preview(visit: Visit, reader: str, *, errors: Any = (), status: int = 200) -> Response:
    sought = visit.query.get("q", "")
    issue, found, people = await asyncio.gather(
        visit.ask("notifications", _api(visit)),
        visit.ask("notifications", f"{_api(visit)}/preview", reader=reader),
        visit.ask_or({"items": []}, "membership", "/people", q=sought, limit=10) if sought else _nobody(),
    )
    return visit.page(
        "desk/preview.html", f"Issue {issue['number']} as a reader gets it", status=status, issue=issue, found=found,
        reader=reader, people=people, q=sought, frame=f"{_here(visit)}/preview/html?{urlencode({'reader': reader})}",
        errors=list(errors),
    )  # fmt: skip


async def _nobody() -> dict[str, Any]:
    return {"items": []}


async def html(visit: Visit) -> Response:
    """The HTML part alone, for the frame."""
    visit.require_staff()
    found = await visit.ask("notifications", f"{_api(visit)}/preview", reader=visit.query.get("reader", ""))
    return Response(found["html"], media_type="text/html", headers=FRAMED)


async def send_test(visit: Visit) -> Response:
    """Send this copy to whoever presses."""
    form = await visit.form()
    reader = text(form, "reader")
    try:
        await visit.change("notifications", "POST", f"{_api(visit)}/test", {"reader": reader})
    except Refused as refused:
        if refused.status != 409:
            raise
        return await _preview(visit, reader, errors=error_list(refused, {}), status=409)
    return visit.back(f"{_here(visit)}/preview?{urlencode({'reader': reader, 'done': 'tested'})}")


def _api(visit: Visit) -> str:
    return f"/newsletter/issues/{visit.path['id']}"


def _here(visit: Visit) -> str:
    return f"/staff/newsletter/{visit.path['id']}"


ROUTES = [
    page("/staff/newsletter/{id}/preview", preview),
    page("/staff/newsletter/{id}/preview/html", html),
    page("/staff/newsletter/{id}/test", send_test, "POST"),
]
