"""Why did I get this? The rule that matched, the way with its times, and one click for less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from services.gateway.pages.forms import text
from services.gateway.visit import Visit, page

STAGES = {
    "changed": "It was changed", "logged": "The change was on the log", "matched": "It was matched to your choices",
}  # fmt: skip
WAYS = {
    "page": "On these pages", "mail": "By mail", "summary": "In a summary by mail", "browser": "By your browser",
}  # fmt: skip
STATES = {
    "done": "", "shown": "from then on, without reloading", "sent": "sent", "pending": "on its way",
    "sending": "on its way", "deferred": "will be tried again", "waiting": "waits for its hour", "refused": "not sent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Door:
    """Where the page is, where the service explains it, and where the reader chooses."""

    path: str
    there: str
    preferences: str


def door_of(visit: Visit) -> Door:
    """By the link in a mail, or signed in."""
    message_id = visit.path["id"]
    if made := visit.path.get("made", ""):
        there = f"/preferences/pass/{made}"
        path = f"/preferences/{made}"
        return Door(f"{path}/why/{message_id}", f"{there}/why/{message_id}", path)
    visit.require_signed_in()
    return Door(f"/alerts/{message_id}/why", f"/alerts/{message_id}", "/preferences")


async def why(visit: Visit) -> Response:
    """The whole explanation."""
    door = door_of(visit)
    found = await visit.ask("notifications", door.there if "made" in visit.path else f"{door.there}/why")
    return visit.page(
        "why.html", "Why did I get this?", found=found, door=door, words_of=stage_words, is_link="made" in visit.path
    )


def stage_words(stage: Mapping[str, Any]) -> str:
    """One line of the time line."""
    said = STAGES.get(stage["stage"]) or WAYS.get(stage["how"], stage["how"])
    state = STATES.get(stage["state"], stage["state"])
    return f"{said}, {state}" if state else said


async def less(visit: Visit) -> Response:
    """One click for less."""
    form = await visit.form()
    door = door_of(visit)
    await visit.change("notifications", "POST", f"{door.there}/less", {"what": text(form, "what")})
    return visit.back(f"{door.path}?done=less")


ROUTES = [
    page("/alerts/{id}/why", why),
    page("/alerts/{id}/why", less, "POST"),
    page("/preferences/{made}/why/{id}", why),
    page("/preferences/{made}/why/{id}", less, "POST"),
]
