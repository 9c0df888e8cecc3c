"""My data: tokens with which programs act in my name."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.forms import entered, error_list, error_of, text, texts
from services.gateway.visit import Visit, page
from shared.auth import AREAS

OWN, TITLE = "/account/tokens", "Tokens for programs"
LABELS = {"name": "Name", "scopes": "What it may do", "days": "Days until it ends"}
LIFETIMES = ("7", "30", "90", "365")
AREAS_SAID = {
    "networks": "Networks", "people": "People and your record", "events": "Events", "alerts": "Alerts and webhooks",
    "newsletter": "Newsletter", "oversight": "Oversight", "operations": "Operations",
}  # fmt: skip


async def tokens(visit: Visit) -> Response:
    """Those that there are, and the form that makes one."""
    return await _listed(visit)


async def _listed(visit: Visit, status: int = 200, **more: Any) -> Response:
    visit.require_signed_in()
    found = await visit.ask("membership", "/tokens")
    scopes = [(f"{area}:{verb}", f"{AREAS_SAID[area]}: {verb}") for area in AREAS for verb in ("read", "write")]
    return visit.page(
        "account/tokens.html", TITLE, status=status, found=found, scopes=scopes, lifetimes=LIFETIMES, labels=LABELS,
        error_of=error_of, **({"values": {"days": "90"}, "chosen": []} | more),
    )  # fmt: skip


async def make(visit: Visit) -> Response:
    """Make one, and show it this once."""
    form = await visit.form()
    visit.require_signed_in()
    chosen, days = texts(form, "scopes"), text(form, "days")
    body = {"name": text(form, "name"), "scopes": chosen, "days": int(days) if days.isdigit() else days}
    try:
        made = await visit.change("membership", "POST", "/tokens", body)
    except Refused as refused:
        if refused.status != 422:
            raise
        errors = error_list(refused, LABELS, "scopes")
        return await _listed(visit, 422, values=entered(form), chosen=chosen, errors=errors)
    return visit.page("account/token.html", "Your new token", made=made)


async def end(visit: Visit) -> Response:
    """Take one back."""
    form = await visit.form()
    visit.require_signed_in()
    await visit.change("membership", "DELETE", f"/tokens/{quote(text(form, 'id'), safe='')}")
    return visit.back(f"{OWN}?done=token-ended")


ROUTES = [page(OWN, tokens), page(OWN, make, "POST"), page(f"{OWN}/end", end, "POST")]
