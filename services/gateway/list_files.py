"""The API's lists as files: `/api/networks.csv`, or `/api/networks` with `Accept: text/csv`, for whoever may read them.

They are the lists that pages offer as files (see lists.py), with the same columns; each is asked for in the caller's
name, so a token gets what its scopes let it read.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from services.gateway.api import answering, caller
from services.gateway.clients import Refused
from services.gateway.downloading import Download, attached
from services.gateway.listing import Listing
from services.gateway.lists import LISTS, TYPES
from services.gateway.pages.choices import bodies
from services.gateway.visit import Visit


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list that is asked for as a file, and what its path is given."""

    listing: Listing
    given: Mapping[str, str]
    format: str


class Files(Route):
    """The route of every list as a file: of an address that is asked for as one."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a file is asked for, and which."""
        accept = next((value for name, value in scope.get("headers", ()) if name == b"accept"), b"").decode("latin-1")
        path = str(scope["path"]).removeprefix("/api")
        found = wanted(scope["method"], path, accept) if scope["type"] == "http" and path != scope["path"] else None
        if found is None:
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self.endpoint, "path_params": {"file": found}}


def routes() -> list[Route]:
    """Before the API's own: a list as a file has the address of the list."""
    return [Files("/api/{list:path}", answering(file_of), methods=["GET"])]


def wanted(method: str, path: str, accept: str) -> Wanted | None:
    """What *path* (without `/api`) asks for as a file, by its ending or by the Accept header."""
    stem, _, ending = path.rpartition(".")
    by_ending = ending in TYPES.values()
    format_ = ending if by_ending else TYPES.get(accept.partition(";")[0].strip().lower(), "")
    if method not in ("GET", "HEAD") or not format_:
        return None
    for listing, pattern in PATTERNS:
        if found := pattern.fullmatch(stem if by_ending else path):
            return Wanted(listing, found.groupdict(), format_)
    return None


async def file_of(request: Request) -> Response:
    """The whole list as a file. Raises Refused, ServiceAway, NotAllFound."""
    file: Wanted = request.path_params["file"]
    listing = file.listing.showing(request.query_params.get("columns", ""))
    visit = Visit(request, request.app.state.edge, None, await caller(request))
    download = Download(visit, listing, {**request.query_params, **file.given})
    first = await download.first()
    if request.method == "HEAD":
        return attached(listing, file.format, _nothing())
    return attached(listing, file.format, download.file(first, await _names(visit), file.format))


async def _nothing() -> AsyncIterator[bytes]:
    """The body of an answer to HEAD."""
    yield b""


async def _names(visit: Visit) -> Mapping[str, str]:
    """The oversight bodies by code; a token that may not read the register gets the codes alone."""
    try:
        return await bodies(visit)
    except Refused:
        return {}


def _pattern_of(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\})", path)
    return re.compile("".join(f"(?P<{part[1:-1]}>[^/]+)" if part[:1] == "{" else re.escape(part) for part in parts))


PATTERNS = [(listing, _pattern_of(listing.path)) for listing in LISTS.values()]
