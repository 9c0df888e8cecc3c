"""A reader's alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.pages.forms import text, texts
from services.gateway.visit import Visit, local, page

PAGE = 50
ALL = "all"


async def alerts(visit: Visit) -> Response:
    """Alerts by network, the unread first; new ones wait behind a button."""
    visit.require_signed_in()
    wanted = {name: visit.query.get(name, "").strip() for name in ("q", "network", "unread")}
    found = await visit.ask(
        "notifications", "/alerts", limit=PAGE, cursor=visit.query.get("cursor", ""), q=wanted["q"][:200],
        network=wanted["network"], unread="true" if wanted["unread"] else "",
    )  # fmt: skip
    names = {item["network_id"]: item["network_name"] for item in found["items"]}
    return visit.page(
        "alerts.html", "Your alerts", found=found, groups=grouped(found["items"]), wanted=wanted, here_=here(wanted),
        network_name=names.get(wanted["network"]) or "one network", without=lambda name: here(wanted, **{name: ""}),
        next=here(wanted, cursor=found["next"]) if found["next"] else "", undo=visit.query.get("undo", ""),
        first=here(wanted) if visit.query.get("cursor") else "",
        within=lambda name, value: here(wanted, **{name: value}),
    )  # fmt: skip


def here(wanted: Mapping[str, str], **more: str) -> str:
    """The address of this list, asked otherwise."""
    asked = {name: value for name, value in {**wanted, **more}.items() if value}
    return f"/alerts?{urlencode(asked)}" if asked else "/alerts"


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
    """Mark some, or all up to what the page showed, as read; the next page offers to take it back."""
    form = await visit.form()
    visit.require_signed_in()
    ids, up_to = texts(form, "ids"), text(form, "up_to")
    await visit.change("notifications", "POST", "/alerts/read", {"ids": ids} if ids else {"up_to": up_to})
    return _back(visit, text(form, "back"), done="read", undo=",".join(ids[:PAGE]) or ALL)


async def unread(visit: Visit) -> Response:
    """Mark some as unread."""
    form = await visit.form()
    visit.require_signed_in()
    await visit.change("notifications", "POST", "/alerts/unread", {"ids": texts(form, "ids")})
    return _back(visit, text(form, "back"), done="unread")


async def undo(visit: Visit) -> Response:
    """Let it stand as before."""
    form = await visit.form()
    visit.require_signed_in()
    if text(form, "undo") == ALL:
        await visit.change("notifications", "POST", "/alerts/read/undo")
    else:
        await visit.change("notifications", "POST", "/alerts/unread", {"ids": text(form, "undo").split(",")})
    return _back(visit, text(form, "back"), done="taken-back")


def _back(visit: Visit, to: str, **more: str) -> Response:
    """To the list as it was asked for."""
    there = local(to or "/alerts", "/alerts")
    return visit.back(f"{there}{'&' if '?' in there else '?'}{urlencode(more)}")


async def mute(visit: Visit) -> Response:
    """Less of this: no more alerts of one network."""
    form = await visit.form()
    visit.require_signed_in()
    await visit.change("notifications", "POST", f"/networks/{text(form, 'network_id')}/mute")
    return _back(visit, text(form, "back"), done="mute")


ROUTES = [
    page("/alerts", alerts),
    page("/alerts/read", read, "POST"),
    page("/alerts/unread", unread, "POST"),
    page("/alerts/undo", undo, "POST"),
    page("/alerts/mute", mute, "POST"),
]
