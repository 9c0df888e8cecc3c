"""The newsletter desk: what the week's changes drafted, put in order by staff, approved and sent."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.forms import error_list, text
from services.gateway.visit import Visit, page

STEPS = frozenset({"approve", "send", "pause", "resume"})
SENT = frozenset({"sending", "paused", "sent"})


async def issues(visit: Visit) -> Response:
    """All issues, and the button that drafts one now."""
    visit.require_staff()
    found = await visit.ask("notifications", "/newsletter/issues")
    return visit.page("desk/issues.html", "Newsletter desk", found=found)


async def draft(visit: Visit) -> Response:
    """Draft an issue of what changed so far."""
    await visit.form()
    made = await visit.change("notifications", "POST", "/newsletter/issues")
    return visit.back(f"/staff/newsletter/{made['id']}?done=drafted")


async def desk(visit: Visit) -> Response:
    """One issue: its items in their order, what can be done with each, and how far it has gone."""
    visit.require_staff()
    return await _desk(visit)


async def _desk(visit: Visit, *, errors: Any = (), status: int = 200) -> Response:
    issue_id, reader, sought = visit.path["id"], visit.query.get("reader", ""), visit.query.get("q", "")
    there = f"/newsletter/issues/{issue_id}"
    issue, progress, people = await asyncio.gather(
        visit.ask("notifications", there, reader=reader),
        visit.ask_or(None, "notifications", f"{there}/progress"),
        visit.ask_or({"items": []}, "membership", "/people", q=sought, limit=10) if sought else _nobody(),
    )
    return visit.page(
        "desk/issue.html", f"Issue {issue['number']}", status=status, issue=issue, reader=reader, people=people,
        q=sought, progress=progress if issue["status"] in SENT else None, errors=list(errors),
    )  # fmt: skip


async def _nobody() -> dict[str, Any]:
    return {"items": []}


async def save(visit: Visit) -> Response:
    """Save the desk: titles, texts, and the one button that was pressed beside an item."""
    form = await visit.form()
    there = f"/newsletter/issues/{visit.path['id']}"
    issue = await visit.ask("notifications", there)
    items = arranged(issue["items"], form)
    body = {"title": text(form, "title"), "intro": text(form, "intro"), "items": items}
    try:
        await visit.change("notifications", "PATCH", there, body, if_match=f'"{text(form, "read_revision")}"')
    except Refused as refused:
        if refused.status not in (400, 409, 412, 422):
            raise
        return await _desk(visit, errors=error_list(refused, {}), status=refused.status)
    pressed = text(form, "press").partition(":")[2]
    return visit.back(f"/staff/newsletter/{visit.path['id']}" + (f"#item-{pressed}" if pressed else "?done=saved"))


def arranged(items: list[dict[str, Any]], form: FormData) -> list[dict[str, Any]]:
    """The items as the form has them, after the pressed button: `up:<id>`, `down:`, `pin:`, `drop:`."""
    action, _, pressed = text(form, "press").partition(":")
    ordered = sorted(items, key=lambda item: (not item["pinned"], item["position"]))
    place = next((number for number, item in enumerate(ordered) if item["id"] == pressed), None)
    if place is not None and action in ("up", "down"):
        other = place + (-1 if action == "up" else 1)
        if 0 <= other < len(ordered):
            ordered[place], ordered[other] = ordered[other], ordered[place]
    return [
        {
            "id": item["id"],
            "position": number,
            "pinned": item["pinned"] != (action == "pin" and item["id"] == pressed),
            "dropped": item["dropped"] != (action == "drop" and item["id"] == pressed),
            "text": text(form, f"text-{item['id']}") if f"text-{item['id']}" in form else item["text"],
        }
        for number, item in enumerate(ordered)
    ]


async def step(visit: Visit) -> Response:
    """Approve, send, pause or resume."""
    await visit.form()
    issue_id, what = visit.path["id"], visit.path["what"]
    if what in STEPS:
        try:
            await visit.change("notifications", "POST", f"/newsletter/issues/{issue_id}/{what}")
        except Refused as refused:
            if refused.status != 409:
                raise
            return await _desk(visit, errors=error_list(refused, {}), status=409)
    return visit.back(f"/staff/newsletter/{issue_id}?done={what}")


ROUTES = [
    page("/staff/newsletter", issues),
    page("/staff/newsletter", draft, "POST"),
    page("/staff/newsletter/{id}", desk),
    page("/staff/newsletter/{id}", save, "POST"),
    page("/staff/newsletter/{id}/{what}", step, "POST"),
]
