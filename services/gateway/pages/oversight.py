"""The oversight bodies' dashboards and feeds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.charts import ages, bars, heat
from services.gateway.pages.choices import bodies
from services.gateway.pages.forms import entered, error_list, error_of, text
from services.gateway.rendering import moment
from services.gateway.visit import Visit, page
from shared import clock
from shared.errors import NotFound

FEED_PAGE = 25
WHICH = ("open", "mine")
"""What can be asked for: what nobody took note of, what was given to oneself."""
CATEGORIES = ("governance", "events", "news", "discussion", "resources", "workforce")


async def country(visit: Visit) -> Response:
    """The national view for staff; an officer goes to their own body."""
    visit.require_signed_in()
    if not visit.principal.is_staff and visit.principal.bodies:
        return visit.back(f"/oversight/{sorted(visit.principal.bodies)[0]}")
    found, feed, names = await asyncio.gather(
        visit.ask("oversight", "/oversight"),
        visit.ask("oversight", "/oversight/national/feed", limit=FEED_PAGE),
        bodies(visit),
    )
    return visit.page(
        "oversight/country.html", "Oversight: the country", found=found, feed=feed, counts=found["counts"],
        heat=heat(found["coverage"], names), names=names, body={"code": "national", "name": "the country"},
        categories=CATEGORIES, category="", which="", **_charts(found),
    )  # fmt: skip


async def body(visit: Visit) -> Response:
    """One body's area at a glance, and its feed."""
    visit.require_signed_in()
    code, cursor = visit.path["body"], visit.query.get("cursor", "")
    category = visit.query.get("category", "")
    which = visit.query.get("which", "") if visit.query.get("which") in WHICH else ""
    found, feed, names = await asyncio.gather(
        visit.ask("oversight", f"/oversight/{code}"),
        visit.ask(
            "oversight",
            f"/oversight/{code}/feed",
            limit=FEED_PAGE,
            cursor=cursor,
            category=category,
            **({which: "true"} if which else {}),
        ),
        bodies(visit),
    )
    gaps = [group for group, number in found["coverage"].items() if not number]
    return visit.page(
        "oversight/body.html", f"Oversight: {found['body']['name']}", found=found, feed=feed, body=found["body"],
        counts=found["counts"], coverage=bars("Networks by care group", found["coverage"]), gaps=gaps, names=names,
        categories=CATEGORIES, category=category, cursor=cursor, which=which,
        **_charts(found),
    )  # fmt: skip


def _charts(found: Mapping[str, Any]) -> dict[str, Any]:
    counts, today = found["counts"], clock.today()
    return {
        "vacant": ages("How long roles have been vacant", (_days(one["since"], today) for one in found["vacancies"])),
        "by_stage": bars("Networks by stage", counts["by_stage"]),
        "by_level": bars("Networks by level", counts["by_level"]),
    }


def _days(since: str, today: date) -> int:
    found = moment(since)
    return (today - found.date()).days if found else 0


async def seen(visit: Visit) -> Response:
    """Say that the feed was read up to what the page showed."""
    form = await visit.form()
    code = visit.path["body"]
    await visit.change("oversight", "POST", f"/oversight/{code}/feed/seen", {"up_to": text(form, "up_to")})
    return visit.back("/oversight?done=seen" if code == "national" else f"/oversight/{code}?done=seen")


async def line(visit: Visit) -> Response:
    """One line: who took note of it, whose it is, what was said of it."""
    visit.require_signed_in()
    return await _line(visit)


async def _line(visit: Visit, refused: Refused | None = None) -> Response:
    code, there = visit.path["body"], _there(visit)
    found, comments, colleagues = await asyncio.gather(
        visit.ask("oversight", there), visit.ask("oversight", f"{there}/comments"),
        visit.ask_or({"items": []}, "oversight", f"/oversight/{code}/colleagues"),
    )  # fmt: skip
    return visit.page(
        "oversight/line.html", "Follow up", status=refused.status if refused else 200, line=found, code=code,
        comments=comments["items"], colleagues=colleagues["items"], values=entered(visit.sent) if visit.sent else {},
        errors=error_list(refused, {"text": "Your comment"}) if refused else [], error_of=error_of,
    )  # fmt: skip


def _there(visit: Visit) -> str:
    return f"/oversight/{visit.path['body']}/feed/{quote(visit.path['message_id'], safe='')}"


async def follow_up(visit: Visit) -> Response:
    """Take note, give it to somebody, or comment."""
    form = await visit.form()
    visit.require_signed_in()
    code, what, there = visit.path["body"], visit.path["what"], _there(visit)
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "note": ("acknowledge", {"acknowledged": not form.get("undo")}),
        "assign": ("assign", {"person_id": text(form, "person_id")}),
        "comments": ("comments", {"text": text(form, "text")}),
    }
    if what not in ways:
        raise NotFound
    path, body = ways[what]
    try:
        await visit.change("oversight", "POST", f"{there}/{path}", body)
    except Refused as refused:
        if refused.status not in (409, 422):
            raise
        return await _line(visit, refused)
    if text(form, "back") == "feed":
        return visit.back(f"/oversight{'' if code == 'national' else '/' + code}?done=noted#feed")
    return visit.back(f"{there}?done={'commented' if what == 'comments' else 'followed-up'}")


ROUTES = [
    page("/oversight", country),
    page("/oversight/{body}", body),
    page("/oversight/{body}/seen", seen, "POST"),
    page("/oversight/{body}/feed/{message_id}", line),
    page("/oversight/{body}/feed/{message_id}/{what}", follow_up, "POST"),
]
