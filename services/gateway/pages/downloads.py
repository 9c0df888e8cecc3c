"""Lists as files: at once where they are short, else from a page that shows how far the file has come."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import quote, urlencode

from starlette.responses import Response

from services.gateway.downloading import Download, attached, length_of, progress_of
from services.gateway.listing import Listing
from services.gateway.lists import FORMATS, LISTS
from services.gateway.pages.choices import bodies
from services.gateway.visit import Visit, page
from shared.errors import NotFound

LONG = 2_000
"""Rows from which a download has a page that shows its progress."""


class NoSuchList(NotFound):
    """There is no such list to download; go back to the page that shows it."""


async def download(visit: Visit) -> Response:
    """The list as a file."""
    name, format_ = visit.path["list"], visit.path["format"]
    if name not in LISTS or format_ not in FORMATS:
        raise NoSuchList
    given, token = dict(visit.query), visit.query.get("progress", "")
    listing = LISTS[name].showing(given.get("columns", ""))
    wanted = Download(visit, listing, _complete(listing, given), token)
    found, names = await wanted.first(), await bodies(visit)
    if length_of(found) > LONG and not token:
        return visit.back(f"/downloads/{name}?{urlencode({**given, 'format': format_, 'progress': _token()})}")
    return attached(listing, format_, wanted.file(found, names, format_))


async def long_download(visit: Visit) -> Response:
    """The page from which a long list is fetched."""
    name, format_ = visit.path["list"], visit.query.get("format", "csv")
    if name not in LISTS or format_ not in FORMATS:
        raise NoSuchList
    given = {key: value for key, value in visit.query.items() if key != "format"}
    given.setdefault("progress", _token())
    found = await Download(visit, LISTS[name], _complete(LISTS[name], given)).first()
    return visit.page(
        "downloads/long.html", f"Download: {LISTS[name].title.lower()}", found=found, format=format_, given=given,
        file=f"/downloads/{name}.{format_}?{urlencode(given)}", look=_look(given["progress"]),
        progress=await progress_of(visit.edge.store, given["progress"]),
    )  # fmt: skip


async def progress(visit: Visit) -> Response:
    """How far a download has come, for htmx."""
    token = visit.path["token"]
    found = await progress_of(visit.edge.store, token)
    return visit.fragment("downloads/progress.html", progress=found, look=_look(token))


def _complete(listing: Listing, given: dict[str, Any]) -> dict[str, Any]:
    """*given*, where it says all that the list's path needs. Raises NoSuchList."""
    try:
        listing.path.format_map(given)
    except KeyError:
        raise NoSuchList from None
    return given


def _look(token: str) -> str:
    return f"/downloads/progress/{quote(token, safe='')}"


def _token() -> str:
    return secrets.token_urlsafe(18)


ROUTES = [
    page("/downloads/progress/{token}", progress),
    page("/downloads/{list}.{format}", download),
    page("/downloads/{list}", long_download),
]
