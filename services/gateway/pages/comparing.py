"""What the register differs in between two dates: networks added, changed, archived and restored."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.called import names_for, sides
from services.gateway.pages.choices import reference
from services.gateway.pages.directory import COMPARED, FACETS
from services.gateway.pages.history import two_days, wrong_day
from services.gateway.pages.values import rows
from services.gateway.visit import Visit, page
from shared import clock

PAGE = 25
KEPT = frozenset(COMPARED) - {"q", "sha", "care_group"}
"""What is carried on from the list: the page has no field of its own for it."""
NOTHING: dict[str, Any] = {"items": [], "next": None, "total": 0, "counts": {}}


async def compare(visit: Visit) -> Response:
    """The register on two dates, side by side; the last month where none are chosen."""
    days = two_days(visit)
    chosen = {name: value for name in COMPARED if (value := visit.query.get(name, "")[:200])}
    names, groups = await reference(visit)
    errors: list[dict[str, str]] = []
    try:
        found = await visit.ask(
            "registry", "/networks/compare", from_=days["from"], to=days["to"], limit=PAGE,
            cursor=visit.query.get("cursor", ""), **chosen,
        )  # fmt: skip
    except Refused as refused:
        if refused.status != 422:
            raise
        found, errors = NOTHING, [wrong_day(refused, "from")]
    called = await names_for(visit, *sides(item["changes"] for item in found["items"]))
    asked = {**days, **chosen}
    return visit.page(
        "network/register.html", "What changed on the register", status=422 if errors else 200, found=found, days=days,
        chosen=chosen, kept=[(name, label, chosen[name]) for name, label in FACETS if name in chosen.keys() & KEPT],
        names=names, groups=groups, errors=errors, today=clock.today().isoformat(),
        differences={item["id"]: rows(item["changes"], called) for item in found["items"]},
        next=f"/networks/compare?{urlencode({**asked, 'cursor': found['next']})}" if found["next"] else "",
        first=f"/networks/compare?{urlencode(asked)}" if visit.query.get("cursor") else "",
    )  # fmt: skip


ROUTES = [page("/networks/compare", compare)]
