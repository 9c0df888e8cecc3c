"""The preference centre: what reaches a reader, and in which form. Opened by signing in, or by the link in a mail."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from zoneinfo import available_timezones

from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import care_groups
from services.gateway.pages.forms import error_list, error_of, text, texts
from services.gateway.visit import Visit, page
from shared.announcement import KINDS

TITLE = "What reaches you"
CHANNELS = {
    "live": "Live", "mail": "Live and mail", "daily": "Daily mail", "weekly": "Weekly", "off": "Off",
}  # fmt: skip
PRESETS = {
    "suggested": ("As suggested for your role", "Live for those with a role, less for followers; never mail unasked"),
    "everything": ("Everything live", "On these pages as it happens"),
    "important": ("What matters", "Decisions, dates and workforce live, news once a week, no discussion"),
    "nothing": ("Nothing", "Only what concerns you by name"),
}
LABELS = {
    "zone": "Time zone", "daily_at": "Daily mail at", "quiet": "Quiet hours", "quiet_begins": "Quiet from",
    "quiet_ends": "Quiet until",
}  # fmt: skip
GENERAL = "all"


@dataclass(frozen=True, slots=True)
class Door:
    """By which way the preferences are reached: their page, and where the service has them."""

    path: str
    there: str
    is_link: bool


def door_of(visit: Visit) -> Door:
    """Whoever has no link in a mail signs in."""
    if made := visit.path.get("made", ""):
        return Door(f"/preferences/{made}", f"/preferences/pass/{made}", is_link=True)
    visit.require_signed_in()
    return Door("/preferences", "/preferences", is_link=False)


async def preferences(visit: Visit) -> Response:
    """The page."""
    door = door_of(visit)
    return await _shown(visit, door, await visit.ask("notifications", door.there))


async def _shown(visit: Visit, door: Door, found: Mapping[str, Any], **more: Any) -> Response:
    groups, me, browsers = await asyncio.gather(care_groups(visit), _me(visit, door), _browsers(visit, door))
    return visit.page(
        "account/preferences.html", TITLE, found=found, door=door, groups=groups, person=me, browsers=browsers,
        kinds=KINDS, channels=CHANNELS, presets=PRESETS, labels=LABELS, error_of=error_of,
        zone_options=zone_options(found["zone"]), **more,
    )  # fmt: skip


async def _me(visit: Visit, door: Door) -> Any:
    return {} if door.is_link else await visit.ask_or({}, "membership", "/me")


async def _browsers(visit: Visit, door: Door) -> Any:
    return {} if door.is_link else await visit.ask_or({}, "notifications", "/browsers")


async def save(visit: Visit) -> Response:
    """Save what differs from what is so, or begin anew with a short choice."""
    form = await visit.form()
    door = door_of(visit)
    found = await visit.ask("notifications", door.there)
    preset = text(form, "preset")
    wanted = {"preset": preset} if text(form, "do") == "preset" and preset in PRESETS else changes_in(form, found)
    try:
        await visit.change("notifications", "PATCH", door.there, wanted)
    except Refused as refused:
        if refused.status != 422:
            raise
        errors = error_list(refused, LABELS)
        return await _shown(visit, door, found, status=422, errors=errors)
    return visit.back(f"{door.path}?done=saved")


def changes_in(form: FormData, found: Mapping[str, Any]) -> dict[str, Any]:
    """What the form says otherwise than *found*: a form that was open for long changes only what its reader changed."""
    networks = {
        network["network_id"]: _differing(form, network["network_id"], network) for network in found["networks"]
    }
    whole: dict[str, Any] = {
        "newsletter": text(form, "newsletter") == "yes", "zone": text(form, "zone"), "quiet": _quiet(form),
        "daily_at": text(form, "daily_at"), "muted": texts(form, "muted"), "interests": texts(form, "interests"),
        "follows": texts(form, "follows"),
    }  # fmt: skip
    wanted = {name: value for name, value in whole.items() if not _same(value, found[name])}
    if kinds := _differing(form, GENERAL, found):
        wanted["kinds"] = kinds
    if some := {network_id: kinds for network_id, kinds in networks.items() if kinds}:
        wanted["networks"] = some
    return wanted


def _differing(form: FormData, where: str, found: Mapping[str, Any]) -> dict[str, str | None]:
    chosen = {kind: text(form, f"{where}:{kind}") or None for kind in KINDS if f"{where}:{kind}" in form}
    return {kind: channel for kind, channel in chosen.items() if channel != found["kinds"][kind]}


def _quiet(form: FormData) -> dict[str, str] | None:
    begins, ends = text(form, "quiet_begins"), text(form, "quiet_ends")
    return {"begins": begins, "ends": ends} if begins or ends else None


def _same(one: Any, other: Any) -> bool:
    return bool(sorted(one) == sorted(other) if isinstance(one, list) else one == other)


@cache
def zones() -> list[str]:
    """Time zones to choose from, Europe's first."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [*(n for n in names if n.startswith("Europe/")), *(n for n in names if not n.startswith("Europe/")), "UTC"]


@lru_cache(64)
def zone_options(chosen: str) -> Markup:
    """The options of the time zones, of which there are four hundred: written once for each that is *chosen*."""
    return Markup("").join(
        Markup("<option{}>{}</option>").format(Markup(" selected") if zone == chosen else "", zone) for zone in zones()
    )


ROUTES = [
    page("/preferences", preferences),
    page("/preferences", save, "POST"),
    page("/preferences/{made}", preferences),
    page("/preferences/{made}", save, "POST"),
]
