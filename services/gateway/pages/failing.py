"""The failure desk: what services could not take, with its cause; tried again, or given up with a reason."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway import failures
from services.gateway.clients import Refused
from services.gateway.pages.forms import error_list, error_of, text
from services.gateway.visit import Visit, page
from shared.errors import NotFound


async def desk(visit: Visit) -> Response:
    """Every message that waits, the oldest first."""
    visit.require_staff()
    return await _desk(visit)


async def _desk(visit: Visit, refused: Refused | None = None, which: str = "") -> Response:
    found = await failures.waiting(visit.edge.clients, visit.principal)
    errors = error_list(refused, {"reason": "Why"}, otherwise=which) if refused else []
    for error in errors:
        error["href"] = f"#why-{which}"
    return visit.page(
        "staff/failures.html", "Failures", status=refused.status if refused else 200, found=found, errors=errors,
        error_of=error_of, which=which,
    )  # fmt: skip


async def settle(visit: Visit) -> Response:
    """Try one again, or give it up."""
    form = await visit.form()
    visit.require_staff()
    service, number, how = (visit.path[name] for name in ("service", "number", "how"))
    if how not in ("retry", "discard"):
        raise NotFound
    try:
        await failures.settle(visit.edge.clients, visit.principal, service, int(number), how, text(form, "reason"))
    except Refused as refused:
        if refused.status != 422:
            raise
        return await _desk(visit, refused, f"{service}-{number}")
    return visit.back(f"/staff/failures?done={'tried-again' if how == 'retry' else 'given-up'}")


ROUTES = [
    page("/staff/failures", desk),
    page("/staff/failures/{service}/{number:int}/{how}", settle, "POST"),
]
