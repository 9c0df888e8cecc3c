"""Every route of the running system with what each kind of person may do there: the table in docs/routes.md.

The routes are read from the applications themselves. A service's route says its own rule (`may(...)`); a page's is
declared in `services/gateway/doors.py`. tests/security walks every line of this table as every one of these people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from starlette.routing import BaseRoute, Route

from services.cli.composition import load
from services.gateway.app import inner_routes
from services.gateway.doors import RULES, STREAMS
from services.gateway.openapi import is_hidden
from shared.config import SERVICES
from shared.service import application, rules_of

PEOPLE = ("anonymous", "member", "lead", "officer", "staff", "second staff")
TEAM = {"staff", "second staff"}
WHO = {
    "anyone": set(PEOPLE),
    "anyone signed in": set(PEOPLE) - {"anonymous"},
    "staff": TEAM,
    "staff; officers of the oversight body": TEAM | {"officer"},
    "staff; officers of an oversight body": TEAM | {"officer"},
    "staff; those who lead, chair, manage or co-ordinate the network that invites": TEAM | {"lead"},
    "staff; the person concerned": TEAM | {"member"},
    "staff; the owner of the webhook": TEAM | {"member"},
    "staff; those who lead, chair, manage or co-ordinate the network": TEAM | {"lead"},
    "staff; those who lead, chair, manage or co-ordinate one of the two networks": TEAM | {"lead"},
    "staff; those who lead every network that holds the gathering": TEAM | {"lead"},
    "staff; those who lead every network that is to hold the gathering": TEAM | {"lead"},
    "the leads of the network whose approval a service change needs": {"lead"},
}
"""Rule → which of PEOPLE it lets in: the lead's own network is meant, the officer's own body, the member's webhook."""
INTERNAL = "the gateway itself"
EVERY_PROCESS = ("/health/live", "/health/ready", "/metrics", "/openapi.json")
YES = "✓"


class NoDoor(RuntimeError):
    """A page does not say who may open it; add it to services/gateway/doors.py."""


class UnknownRule(RuntimeError):
    """A rule is not in the table of who passes it; add it to WHO in services/cli/routes.py."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One route: the method and path as from outside, the rule in a sentence, and the scope that a token needs.

    *part* is `pages`, `api`, `streams`, `programs` or a service's name with ` (internal)`.
    """

    part: str
    method: str
    path: str
    rule: str
    scope: str = ""

    def expected(self, person: str) -> str:
        """What *person* gets: YES, `303` (sent to sign in), `401`, `403` (or 404, which gives less away) or `404`."""
        if self.part.endswith("(internal)"):
            return "404"
        if self.rule not in WHO:
            raise UnknownRule(f"{self.rule!r} ({self.method} {self.path})")
        if person in WHO[self.rule]:
            return YES
        if person == "anonymous":
            return "303" if self.part == "pages" else "401"
        return "403"


def entries() -> list[Entry]:
    """Every route of the gateway and of every service. Raises NoDoor, UnknownRule."""
    found = [*_pages(), *_streams()]
    for name in SERVICES:
        found += _of_service(name)
    for entry in found:
        entry.expected("anonymous")
    return found


def _pages() -> Iterator[Entry]:
    for route in inner_routes():
        assert isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            name = f"{method} {route.path}"
            if route.path in ("/api/{path:path}", "/api/{list:path}"):
                continue  # each route behind it has a line of its own
            if name not in RULES:
                raise NoDoor(f"{name} has no line there.")
            yield Entry(_part(route.path), method, route.path, RULES[name])


def _part(path: str) -> str:
    programs = path.startswith(("/api/", "/fhir", "/health/", "/metrics")) or path.endswith((".atom", ".js"))
    return "programs" if programs else "pages"


def _streams() -> Iterator[Entry]:
    for rule, paths in STREAMS.items():
        for path in paths:
            yield Entry("streams", "GET", path, rule)


def _of_service(name: str) -> Iterator[Entry]:
    app = application(load(name), cast(Any, None))
    for route in _flat(app.routes):
        checks = rules_of(route)
        hidden = is_hidden(route.path) or not route.include_in_schema
        if route.path in EVERY_PROCESS:
            continue  # the gateway answers its own there
        for method in sorted((route.methods or set()) - {"HEAD"}):
            rule, scope = (checks[0].rule.sentence, checks[0].scope) if checks else ("anyone", "")
            path = route.path if hidden else f"/api{route.path}"
            yield Entry(f"{name} (internal)" if hidden else "api", method, path, rule, scope)


def _flat(routes: list[BaseRoute]) -> Iterator[Any]:
    """The routes, those of included routers among them."""
    for route in routes:
        if isinstance(route, Route):
            yield route
        else:
            yield from _flat(cast(Any, route).original_router.routes)


INTRODUCTION = (
    "# Who may go where",
    "",
    "Every route of the running system, with what it answers to whom. Generated by `python scripts/generate.py` from",
    "the applications' own routes and rules; `tests/security/test_routes.py` goes to every one of them as every one of",
    "these people and compares.",
    "",
    "✓: answered as the request deserves (200; also 404 where that person has no such thing, 422 for an empty form).",
    "303: sent to sign in. 401, 403, 404: refused; 404 stands for 403, too, where 403 would give away that there is",
    "something. The lead is meant in the network that they lead, the officer with their own oversight body, the member",
    "with their own record and webhook. Behind the rule stands the scope that a token must have besides.",
)
SECTIONS = (
    ("Pages", "pages"), ("Feeds, FHIR and what else is for programs", "programs"),
    ("Streams of server-sent events", "streams"), ("API", "api"),
    *((f"Between the gateway and {name} alone", f"{name} (internal)") for name in SERVICES),
)  # fmt: skip


def document() -> str:
    """docs/routes.md."""
    lines = [*INTRODUCTION]
    for title, part in SECTIONS:
        chosen = [entry for entry in entries() if entry.part == part]
        lines += ["", f"## {title}", "", f"| route | {' | '.join(PEOPLE)} | rule |", "| --- " * (len(PEOPLE) + 2) + "|"]
        for entry in chosen:
            cells = " | ".join(entry.expected(person) for person in PEOPLE)
            scope = f" · `{entry.scope}`" if entry.scope else ""
            lines.append(f"| `{entry.method} {entry.path}` | {cells} | {entry.rule}{scope} |")
    return "\n".join([*lines, ""])
