"""A reader's alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import Response

from services.gateway.pages.forms import text, texts
from services.gateway.visit import Visit, page

PAGE = 50


async def alerts(visit: Visit) -> Response:
    """Alerts by network, the unread first; new ones wait behind a button."""
    visit.require_signed_in()
    unread, cursor = visit.query.get("unread", ""), visit.query.get("cursor", "")
    found = await visit.ask("notifications", "/alerts", limit=PAGE, cursor=cursor, unread="true" if unread else "")
    return visit.page(
        "alerts.html", "Your alerts", found=found, groups=grouped(found["items"]), unread_only=bool(unread),
        next=f"/alerts?cursor={found['next']}" if found["next"] else "", first="/alerts" if cursor else "",
    )  # fmt: skip


def grouped(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The alerts of each network together: networks with something unread first, then the newest."""
    groups: dict[str, dict[str, Any]] = {}
    for item in items:
        name = item.get("network_name") or "Everything else"
        group = groups.setdefault(name, {"name": name, "network_id": item.get("network_id"), "items": [], "unread": 0})
        group["items"].append(item)
        group["unread"] += not item.get("read")
    for group in groups.values():
        group["items"].sort(key=lambda item: bool(item.get("read")))
    return sorted(groups.values(), key=lambda group: not group["unread"])


async def read(visit: Visit) -> Response:
    """Mark some, or all up to what the page showed, as read."""
    form = await visit.form()
    visit.require_signed_in()
    ids, up_to = texts(form, "ids"), text(form, "up_to")
    await visit.change("notifications", "POST", "/alerts/read", {"ids": ids} if ids else {"up_to": up_to})
    return visit.back("/alerts?done=read")


async def mute(visit: Visit) -> Response:
    """Less of this: no more alerts of one network."""
    form = await visit.form()
    visit.require_signed_in()
    await visit.change("notifications", "POST", f"/networks/{text(form, 'network_id')}/mute")
    return visit.back("/alerts?done=mute")


ROUTES = [
    page("/alerts", alerts),
    page("/alerts/read", read, "POST"),
    page("/alerts/mute", mute, "POST"),
]
