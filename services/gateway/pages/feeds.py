"""Atom feeds of networks, care groups and oversight bodies.

What a feed holds is what its reader may see: visitors what is public; who is signed in, sends a token or has an
address with a key of theirs, their own as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway import atom
from services.gateway.api import caller
from services.gateway.atom import Feed, document, is_known, validators
from services.gateway.clients import Refused
from services.gateway.pages.choices import bodies, care_groups
from services.gateway.rendering import words
from services.gateway.visit import PageFunction, Visit
from shared.announcement import PUBLIC_CATEGORIES
from shared.auth import ANYBODY, Principal
from shared.errors import Forbidden, NotFound, NotSignedIn, Problem
from shared.problems import answer

if TYPE_CHECKING:
    from services.gateway.edge import Edge

CATEGORIES = PUBLIC_CATEGORIES | {"discussion", "workforce"}
PUBLIC_SECONDS, ARCHIVE_SECONDS = 60, 3600


class NoSuchFeed(NotFound):
    """There is no feed at this address; its page links to the present one."""


async def of_network(visit: Visit) -> Response:
    """What changed in one network."""
    record = await visit.ask("registry", f"/networks/{visit.path['slug']}")
    path = f"/networks/{record['slug']}"
    return await _feed(visit, f"network:{record['id']}", record["name"], path, {"network": record["id"]})


async def of_care_group(visit: Visit) -> Response:
    """What changed in the networks of one care group."""
    wanted = slug(visit.path["name"])
    name = next((group for group in await care_groups(visit) if slug(group) == wanted), None)
    if name is None:
        raise NoSuchFeed
    there = f"/networks?{urlencode({'care_group': name})}"
    return await _feed(visit, f"care_group:{wanted}", words(name), there, {"care_group": name})


async def of_body(visit: Visit) -> Response:
    """What changed in the area of one oversight body, for its officers and staff."""
    code = visit.path["body"]
    principal = await _reader(visit)
    if not principal.signed_in:
        raise NotSignedIn("Sign in, send a token, or take the address with your key from the page of subscriptions.")
    if not principal.is_staff and code not in principal.bodies:
        raise Forbidden("Allowed for: staff; officers of the oversight body.")
    names = await bodies(visit)
    if code not in names:
        raise NoSuchFeed
    return await _feed(visit, f"body:{code}", names[code], f"/oversight/{code}", {"body": code})


def slug(name: str) -> str:
    """A care group's name in an address: `older-people`."""
    return "-".join(name.casefold().replace("_", " ").replace("-", " ").split())


async def _reader(visit: Visit) -> Principal:
    """Who reads: whose key is in the address, else who sends a token or is signed in. Raises NoSuchFeed."""
    key = visit.query.get("key", "")
    if not key:
        return await caller(visit.request)
    clients, sessions = visit.edge.clients, visit.edge.sessions
    try:
        owner = await clients.question("notifications", "/internal/feed-keys", {"key": key[:100]})
    except Refused as refused:
        raise NoSuchFeed(refused.detail) from None
    found = await sessions.principal_of(owner["person_id"])
    if not found.signed_in:
        raise NoSuchFeed
    return Principal(found.person_id, found.is_staff, found.bodies, frozenset({"alerts:read"}))


async def _feed(visit: Visit, key: str, name: str, path: str, asked: dict[str, str]) -> Response:
    principal, number = await _reader(visit), _page(visit.query.get("page", ""))
    categories = sorted(set(visit.request.query_params.getlist("category")) & CATEGORIES)
    wanted = {**asked, "category": categories, "page": number, "size": atom.PAGE}
    found = await visit.edge.clients.ask("notifications", "/changes/archive", principal=principal, **wanted)
    if number >= 0 and (number + 1) * atom.PAGE > found["total"]:
        raise NoSuchFeed("This page of the archive is not full yet; the feed itself has its entries.")
    settings = visit.edge.settings
    said = "&".join(f"{name}={quote(value)}" for name, value in _kept(visit, categories))
    feed = Feed(
        key=":".join([key, *categories]), title=f"{name} – {settings.name}", subtitle=_subtitle(name, categories),
        address=f"{settings.public_url}{visit.request.url.path}" + (f"?{said}" if said else ""),
        page_url=settings.public_url + path, base=settings.public_url, author=settings.name,
    )  # fmt: skip
    return _answered(visit, document(feed, found["items"], found["total"], number), found["items"], principal, number)


def _answered(visit: Visit, content: bytes, items: list[Any], principal: Principal, number: int) -> Response:
    valid = validators(content, items)
    seconds = PUBLIC_SECONDS if number < 0 else ARCHIVE_SECONDS
    kept = f"public, max-age={seconds}" if principal == ANYBODY else "private, no-cache"
    headers = {
        **valid, "cache-control": kept, "vary": "cookie, authorization", "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'", "referrer-policy": "no-referrer",
    }  # fmt: skip
    if is_known(visit.request.headers, valid):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=atom.MEDIA_TYPE)


def _subtitle(name: str, categories: list[str]) -> str:
    what = " and ".join(words(category).lower() for category in categories) or "what changed"
    return f"{name}: {what}. For less of it, add ?category=events (or another category) to the address."


def _kept(visit: Visit, categories: list[str]) -> list[tuple[str, str]]:
    """What the addresses of the feed's other pages keep of this one's."""
    key = visit.query.get("key", "")
    return [("category", category) for category in categories] + ([("key", key)] if key else [])


def _page(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) < 9):
        raise NoSuchFeed
    return int(text) if text else -1


def feed(path: str, function: PageFunction) -> Route:
    """A route for programs: what went wrong is a problem document, not a page."""

    async def endpoint(request: Request) -> Response:
        edge: Edge = request.app.state.edge
        try:
            return await function(Visit(request, edge, None, ANYBODY))
        except Problem as problem:
            return answer(problem)

    return Route(path, endpoint, methods=["GET"], name=f"feed_{function.__name__}")


ROUTES = [
    feed("/networks/{slug}/feed.atom", of_network),
    feed("/care-groups/{name:path}/feed.atom", of_care_group),
    feed("/oversight/{body}/feed.atom", of_body),
]
