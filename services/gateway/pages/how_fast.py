"""How fast we tell you: measured from real deliveries, for everybody to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from starlette.responses import Response

from services.gateway.pages.charts import shares, spread
from services.gateway.rendering import MONTHS
from services.gateway.rendering import day as shown_day
from services.gateway.visit import Visit, page
from shared.errors import Problem

WAYS = {
    "live": "On open pages", "feed": "On oversight feeds", "inbox": "In inboxes", "mail": "By mail at once",
    "webhook": "To programs (webhooks)",
}  # fmt: skip
AT_ONCE = ("live", "feed")
"""What stands on a screen: the promise of one second is about these."""
Item = Mapping[str, Any]


async def how_fast(visit: Visit) -> Response:
    """The share told within one second, by way and by week or month."""
    per = "month" if visit.query.get("per") == "month" else "week"
    try:
        found = await visit.ask("notifications", "/tellings", per=per)
    except Problem as problem:
        return visit.page("how_fast.html", "How fast we tell you", away=problem.detail, per=per, status=503)
    items = found["items"]
    firsts = list(dict.fromkeys(item["first_day"] for item in items))
    newest = _on_screens(items, firsts[0]) if firsts else None
    trend = {period(first, per): _on_screens(items, first) for first in firsts}
    return visit.page(
        "how_fast.html", "How fast we tell you", per=per, since=found["since"], newest=newest, ways=WAYS,
        name=period(firsts[0], per) if firsts else "", percent=percent, duration=duration,
        rows=[{**item, "period": period(item["first_day"], per).removeprefix("Week of ")} for item in items],
        by_way=shares("Told within one second", {
            WAYS[item["way"]]: (item["share"], item["told"]) for item in items if item["first_day"] == firsts[0]
        }),
        spread=spread("How long it took", [
            step for item in items if item["first_day"] == firsts[0] and item["way"] in AT_ONCE
            for step in item["steps"]
        ]) if newest else None,
        trend=shares("On screens within one second", {
            name: (one["share"], one["told"]) for name, one in reversed(trend.items()) if one
        }),
    )  # fmt: skip


def _on_screens(items: Sequence[Item], first: str) -> dict[str, Any] | None:
    """What was told on screens in the period that begins on *first*, pages and feeds together."""
    shown = [item for item in items if item["first_day"] == first and item["way"] in AT_ONCE]
    told, quick = (sum(item[name] for item in shown) for name in ("told", "within_a_second"))
    return {"told": told, "quick": quick, "share": quick / told} if told else None


def period(first: str, per: str) -> str:
    """The week of 23 November 2026, or November 2026."""
    day = date.fromisoformat(first)
    return f"{MONTHS[day.month - 1]} {day.year}" if per == "month" else f"Week of {shown_day(day)}"


def percent(share: float) -> str:
    """A share in percent, never rounded up to a hundred: `99.9 %`, `100 %` only where it is all."""
    tenths = int(share * 1000)
    return "100 %" if share >= 1 else f"{tenths / 10:.1f} %"


def duration(milliseconds: int) -> str:
    """How long, as people say it: `75 ms`, `1.5 seconds`, `30 minutes`."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    for unit, size in (("hour", 3_600_000), ("minute", 60_000), ("second", 1000)):
        if milliseconds >= size:
            number = f"{milliseconds / size:.1f}".removesuffix(".0")
            return f"{number} {unit}{'' if number == '1' else 's'}"
    return ""


ROUTES = [page("/how-fast", how_fast)]
