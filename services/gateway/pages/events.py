"""What is on: events, and booking a place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import bodies
from services.gateway.pages.forms import entered, error_list, error_of, text, texts
from services.gateway.visit import Visit, page
from shared import clock

PAGE = 25
KINDS = ("meeting", "conference", "course", "workshop", "webinar", "stand")
ACCESS = ("open", "members", "invited")
LABELS = {
    "title": "Title", "kind": "Kind", "description": "What it is about", "networks": "Networks", "starts_at": "Starts",
    "ends_at": "Ends", "place": "Place", "online_url": "Link to join online", "access": "Who may come",
    "capacity": "Places",
}  # fmt: skip


async def whats_on(visit: Visit) -> Response:
    """Events to come, soonest first."""
    sha, words, cursor = (visit.query.get(name, "") for name in ("sha", "q", "cursor"))
    since = visit.query.get("from", "") or clock.today().isoformat()
    found, names, mine = await asyncio.gather(
        visit.ask("events", "/events", sha=sha, q=words, cursor=cursor, from_=since, limit=PAGE),
        bodies(visit),
        visit.ask_or({"items": []}, "events", "/bookings") if visit.principal.signed_in else _none(),
    )
    booked = {booking["event_id"]: booking["status"] for booking in mine["items"]}
    return visit.page(
        "events/list.html", "What's on", found=found, names=names, sha=sha, q=words, booked=booked,
        next=f"/events?{urlencode({'cursor': found['next'], 'sha': sha, 'q': words})}" if found["next"] else "",
        first=f"/events?{urlencode({'sha': sha, 'q': words})}" if cursor else "",
    )  # fmt: skip


async def _none() -> dict[str, Any]:
    return {"items": []}


async def event(visit: Visit) -> Response:
    """One event, with the button that books or gives back a place."""
    return await _event_page(visit)


async def _event_page(visit: Visit, *, errors: Any = (), status: int = 200) -> Response:
    found = await visit.ask("events", f"/events/{visit.path['id']}")
    people = None
    if visit.principal.is_staff:
        people = await visit.ask_or(None, "events", f"/events/{found['id']}/bookings")
    return visit.page(
        "events/event.html", found["title"], status=status, event=found, people=people, errors=list(errors)
    )


async def book(visit: Visit) -> Response:
    """Book a place, or a place on the waiting list."""
    form = await visit.form()
    visit.require_signed_in()
    there = f"/events/{visit.path['id']}"
    try:
        if text(form, "what") == "give back":
            await visit.change("events", "DELETE", f"{there}/bookings/mine")
            return visit.back(f"{there}?done=given-back")
        made = await visit.change("events", "POST", f"{there}/bookings")
    except Refused as refused:
        if refused.status != 409:
            raise
        return await _event_page(visit, errors=error_list(refused, LABELS), status=409)
    return visit.back(f"{there}?done={made['status']}")


async def cancel(visit: Visit) -> Response:
    """Cancel the whole event."""
    form = await visit.form()
    there = f"/events/{visit.path['id']}"
    await visit.change("events", "POST", f"{there}/cancel", {"reason": text(form, "reason")})
    return visit.back(f"{there}?done=cancelled")


async def new(visit: Visit) -> Response:
    """The empty form; a lead chooses among their own networks, staff find one by its name."""
    visit.require_signed_in()
    return await _form(visit, {"kind": "meeting", "access": "open", "networks": visit.query.get("network", "")})


async def create(visit: Visit) -> Response:
    """Schedule an event."""
    form = await visit.form()
    try:
        made = await visit.change("events", "POST", "/events", _body(form))
    except Refused as refused:
        if refused.status not in (400, 409, 422):
            raise
        values = {**entered(form), "networks": texts(form, "networks")}
        return await _form(visit, values, errors=error_list(refused, LABELS), status=refused.status)
    return visit.back(f"/events/{made['id']}?done=scheduled")


def _body(form: FormData) -> dict[str, Any]:
    named = ("title", "kind", "description", "place", "online_url", "access")
    body: dict[str, Any] = {name: text(form, name) for name in named}
    body |= {name: _moment(text(form, name)) for name in ("starts_at", "ends_at")}
    capacity = text(form, "capacity")
    return body | {"networks": texts(form, "networks"), "capacity": int(capacity) if capacity.isdigit() else None}


def _moment(value: str) -> str:
    """What a date and time field gives has no zone; the page says UTC."""
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC).isoformat()
    except ValueError:
        return value


async def _form(visit: Visit, values: Mapping[str, Any], *, errors: Any = (), status: int = 200) -> Response:
    me = await visit.ask("membership", "/me")
    mine = [{"value": n["id"], "text": n["name"]} for n in me["networks"] if n["role"] != "member"]
    if visit.principal.is_staff:
        found = await visit.ask("registry", "/network-names", limit=100, q=visit.query.get("q", ""))
        mine = [{"value": n["id"], "text": n["name"]} for n in found["items"]]
    unique = list({choice["value"]: choice for choice in mine}.values())
    return visit.page(
        "events/form.html", "Schedule an event", status=status, values=values, networks=unique, kinds=KINDS,
        access=ACCESS, errors=list(errors), error_of=error_of, labels=LABELS,
    )  # fmt: skip


ROUTES = [
    page("/events", whats_on),
    page("/events/new", new),
    page("/events/new", create, "POST"),
    page("/events/{id}", event),
    page("/events/{id}/book", book, "POST"),
    page("/events/{id}/cancel", cancel, "POST"),
]
