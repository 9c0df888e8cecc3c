"""One search over everything: each service searches its own, in the name of who asks, and says what they may see."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlencode

from services.gateway.clients import Clients, Refused
from services.gateway.rendering import count, day, when, words
from shared import clock
from shared.auth import Principal
from shared.errors import Problem

LONGEST = 200
SHOWN = 5
LIMITS = frozenset(str(number) for number in range(1, 26))
"""How many of each kind the API can be asked for."""
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found. *path* is empty where there is no page of it; *marks* are the hits in the title."""

    kind: str
    title: str
    path: str
    detail: str = ""
    marks: list[list[int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind. *all* is the page that has the rest; *away* says why there is nothing to show."""

    kind: str
    name: str
    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    at_least: bool = False
    all: str = ""
    away: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """What is sought, by whom, and how much of each kind is wanted."""

    clients: Clients
    principal: Principal
    q: str
    limit: int = SHOWN

    async def ask(self, service: str, path: str, **query: Any) -> Any:
        """The JSON of a service's list."""
        wanted = {"q": self.q, "limit": self.limit, **query}
        return await self.clients.ask(service, path, principal=self.principal, **wanted)


def asked(q: str) -> str:
    """What somebody typed, without what nobody can see."""
    return "".join(character for character in q if character.isprintable()).strip()


async def everything(search: Search) -> list[Group]:
    """What was found, by kind. What somebody may not search is left out; what is away says so."""
    if not search.q:
        return []
    found = await asyncio.gather(*(_group(search, name, look) for name, look in KINDS))
    return [group for group in found if group and (group.hits or group.away)]


async def _group(search: Search, name: str, look: Callable[[Search], Awaitable[Group | None]]) -> Group | None:
    try:
        return await look(search)
    except Refused as refused:
        return None if refused.status in (401, 403) else Group(name.lower(), name, away=refused.detail)
    except Problem as problem:
        return Group(name.lower(), name, away=problem.detail)


def _line(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


async def _networks(search: Search) -> Group:
    found = await search.ask("registry", "/network-names")
    hits = [
        Hit("network", item["name"], f"/networks/{item['slug']}",
            _line(words(item["care_group"]), words(item["stage"])), item["marks"])
        for item in found["items"]
    ]  # fmt: skip
    all_ = f"/networks?{urlencode({'q': search.q})}"
    return Group("network", "Networks", hits, found["total"], found["at_least"], all_)


async def _people(search: Search) -> Group | None:
    """People, for those who are signed in; only staff (and oneself) can open somebody's record."""
    by = search.principal
    if not by.signed_in:
        return None
    found = await search.ask("membership", "/people")
    hits = [
        Hit("person", item["name"], f"/people/{item['id']}" if by.is_staff or item["id"] == by.person_id else "",
            _line(", ".join(map(words, item["professions"])), item["organisation"]))
        for item in found["items"]
    ]  # fmt: skip
    return Group("person", "People", hits, found["total"])


async def _organisations(search: Search) -> Group:
    found = await search.ask("membership", "/organisations")
    hits = [
        Hit("organisation", item["name"], f"/organisations/{item['code'] or item['id']}",
            _line(item["code"], words(item["kind"]), item["town"]))
        for item in found["items"]
    ]  # fmt: skip
    return Group("organisation", "Organisations", hits, found["total"])


async def _events(search: Search) -> Group:
    """Gatherings: those to come first, then the past ones."""
    today = clock.today().isoformat()
    ever = await search.ask("events", "/events")
    if ever["next"]:
        coming = (await search.ask("events", "/events", **{"from_": today}))["items"]
    else:
        coming = [item for item in ever["items"] if item["ends_at"] >= today]
    known = {item["id"] for item in coming}
    items = [*coming, *(item for item in ever["items"] if item["id"] not in known)][: search.limit]
    hits = [
        Hit("event", item["title"], f"/events/{item['id']}", _line(when(item["starts_at"]), item["place"]))
        for item in items
    ]
    return Group("event", "Events", hits, ever["total"])


async def _issues(search: Search) -> Group:
    """Issues of the newsletter: staff find drafts too."""
    if search.principal.is_staff:
        found, place = await search.ask("notifications", "/newsletter/issues"), "/staff/newsletter/{id}"
    else:
        found, place = await search.ask("notifications", "/newsletter/archive"), "/newsletter/{number}"
    hits = [
        Hit("issue", f"Issue {item['number']}: {item['title']}" if item["title"] else f"Issue {item['number']}",
            place.format(**item), f"sent on {day(item['sent_at'])}" if item["sent_at"] else words(item["status"]))
        for item in found["items"]
    ]  # fmt: skip
    return Group("issue", "Newsletter", hits, found["total"])


async def _changes(search: Search) -> Group:
    found = await search.ask("notifications", "/changes")
    hits = [
        Hit("change", item["headline"], f"/changes/{item['message_id']}",
            _line(words(item["category"]), _elsewhere(item), when(item["time"])))
        for item in found["items"]
    ]  # fmt: skip
    return Group("change", "Changes", hits, found["total"])


def _elsewhere(item: Item) -> str:
    """The network's name, where the headline does not say it."""
    name = str(item.get("network_name") or "")
    return "" if name in item["headline"] else name


KINDS: tuple[tuple[str, Callable[[Search], Awaitable[Group | None]]], ...] = (
    ("Networks", _networks), ("People", _people), ("Organisations", _organisations), ("Events", _events),
    ("Newsletter", _issues), ("Changes", _changes),
)  # fmt: skip


def as_json(groups: list[Group]) -> dict[str, Any]:
    """What the API answers: all hits in one list, and how many there are of each kind."""
    counted = [
        {"kind": group.kind, "total": group.total, "at_least": group.at_least, "away": group.away} for group in groups
    ]
    items = [asdict(hit) for group in groups for hit in group.hits]
    return {"items": items, "next": None, "total": sum(group.total for group in groups), "groups": counted}


def said(groups: list[Group], q: str) -> str:
    """`42 found for “stroke”: 40 networks, 2 events.`, for the page and for who hears it."""
    if not groups:
        return f"Nothing was found for “{q}”."
    total = sum(group.total for group in groups)
    more = any(group.at_least for group in groups)
    return f"{'More than ' if more else ''}{count(total, 'result')} for “{q}”."


_TEXT = {"type": "string"}
_HIT = {
    "type": "object",
    "required": ["kind", "title", "path", "detail", "marks"],
    "properties": {
        "kind": {"type": "string", "enum": ["network", "person", "organisation", "event", "issue", "change"]},
        "title": _TEXT,
        "path": {"type": "string", "description": "The page of it; empty where you may not open one."},
        "detail": _TEXT,
        "marks": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}},
                  "description": "Where the words stand in the title: first character, one after the last."},
    },
}  # fmt: skip
_COUNTED = {
    "type": "object",
    "required": ["kind", "total", "at_least", "away"],
    "properties": {
        "kind": _TEXT,
        "total": {"type": "integer"},
        "at_least": {"type": "boolean", "description": "More match than were counted."},
        "away": {"type": "string", "description": "Why nothing of this kind could be searched, or empty."},
    },
}
ANSWER = {
    "type": "object",
    "required": ["items", "next", "total", "groups"],
    "properties": {
        "items": {"type": "array", "items": _HIT},
        "next": {"type": "null"},
        "total": {"type": "integer"},
        "groups": {"type": "array", "items": _COUNTED},
    },
}
OPERATION = {
    "operationId": "searchEverything",
    "summary": "Search everything that you may see: networks, people, organisations, events, the newsletter, changes.",
    "tags": ["gateway"],
    "parameters": [
        {"name": "q", "in": "query", "required": False, "schema": {"type": "string", "maxLength": LONGEST}},
        {"name": "limit", "in": "query", "required": False, "description": "How many of each kind.",
         "schema": {"type": "integer", "minimum": 1, "maximum": 25, "default": SHOWN}},
    ],
    "responses": {
        "200": {"description": "What was found, by kind.", "content": {"application/json": {"schema": ANSWER}}},
        "default": {"description": "An RFC 9457 problem document: what happened, and what to do.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
    },
}  # fmt: skip
