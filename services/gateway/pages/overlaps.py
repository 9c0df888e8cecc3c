"""Networks that may belong together: linked, or found not to need it. For staff all of them, for a network its own."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import bodies, reference
from services.gateway.pages.drawing import areas
from services.gateway.pages.forms import error_list, text
from services.gateway.pages.links import LABELS, RELATIONS, SENTENCES
from services.gateway.visit import Visit, page

PAGE = 20
FILTERS = ("status", "care_group", "sha")
WHAT = {"relations": RELATIONS, "sentences": SENTENCES, "areas": areas}
"""What the pieces of these pages need."""


async def staff_overlaps(visit: Visit) -> Response:
    """Every overlap, the strongest suggestion first."""
    visit.require_staff()
    return await _staff_page(visit)


async def staff_decide(visit: Visit) -> Response:
    """Link or dismiss from the staff's list."""
    return await _decide(visit, _staff_page, "/staff/overlaps")


async def network_overlaps(visit: Visit) -> Response:
    """What one network may belong together with, for its editors."""
    visit.require_signed_in()
    return await _network_page(visit)


async def network_decide(visit: Visit) -> Response:
    """Link or dismiss from a network's list."""
    return await _decide(visit, _network_page, f"/networks/{visit.path['slug']}/overlaps")


async def _decide(visit: Visit, again: Any, there: str) -> Response:
    form = await visit.form()
    what = "accept" if visit.path["what"] == "accept" else "dismiss"
    try:
        made = await visit.change("registry", "POST", f"/overlaps/{visit.path['id']}/{what}", _body(what, form))
    except Refused as refused:
        if refused.status not in (400, 404, 409, 422):
            raise
        page: Response = await again(visit, errors=error_list(refused, LABELS), status=refused.status)
        return page
    if what == "dismiss":
        return visit.back(f"{there}?done=dismissed")
    return visit.back(f"{there}?done={'linked' if made['status'] == 'confirmed' else 'proposed'}")


def _body(what: str, form: FormData) -> dict[str, Any]:
    if what == "dismiss":
        return {"reason": text(form, "reason")}
    body = {name: text(form, name) for name in ("kind", "note", "reason")}
    if body["kind"] == "shares_pathway_with":
        body["care_group"] = text(form, "care_group")
    return body


async def _staff_page(visit: Visit, *, errors: Any = (), status: int = 200) -> Response:
    asked = {name: visit.query.get(name, "") for name in FILTERS if visit.query.get(name)}
    cursor = visit.query.get("cursor", "")
    found, (names, groups) = await asyncio.gather(
        visit.ask("registry", "/overlaps", limit=PAGE, cursor=cursor, **asked), reference(visit)
    )
    following = f"/staff/overlaps?{urlencode({**asked, 'cursor': found['next']})}" if found["next"] else ""
    return visit.page(
        "overlaps/staff.html", "Networks that may belong together", status=status, found=found, names=names,
        groups=groups, asked=asked, there="/staff/overlaps", errors=list(errors), next=following,
        first=f"/staff/overlaps?{urlencode(asked)}" if cursor else "", **WHAT,
    )  # fmt: skip


async def _network_page(visit: Visit, *, errors: Any = (), status: int = 200) -> Response:
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    cursor, there = visit.query.get("cursor", ""), f"/networks/{record['slug']}/overlaps"
    found, names = await asyncio.gather(
        visit.ask("registry", f"/networks/{record['id']}/overlaps", limit=PAGE, cursor=cursor), bodies(visit)
    )
    return visit.page(
        "overlaps/network.html", "Perhaps to be linked", status=status, network=record, found=found, names=names,
        there=there, errors=list(errors), next=f"{there}?cursor={found['next']}" if found["next"] else "",
        first=there if cursor else "", **WHAT,
    )  # fmt: skip


ROUTES = [
    page("/staff/overlaps", staff_overlaps),
    page("/staff/overlaps/{id}/{what}", staff_decide, "POST"),
    page("/networks/{slug}/overlaps", network_overlaps),
    page("/networks/{slug}/overlaps/{id}/{what}", network_decide, "POST"),
]
