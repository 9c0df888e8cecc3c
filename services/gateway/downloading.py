"""A list on its way out as a file: asked for page by page in the visitor's name, written row by row.

Invariants:
1. One page of the list is in memory at a time; of a workbook, one row, and the rest in a temporary file.
2. Nothing is sent before the service has answered: what it refuses is a page that says so, and no broken file.
3. A list that breaks off ends the connection in its middle, so that the browser says so: never a shorter file.
4. How far it has come is kept in the store, where whichever gateway is asked finds it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

import orjson
from starlette.responses import Response, StreamingResponse

from services.gateway.listing import Listing
from services.gateway.visit import Visit
from shared import clock
from shared.errors import Unavailable, Unprocessable
from shared.sheets import SheetWriter, media_type_of, writer_of
from shared.store import Store

TRIES, PAUSE = 3, 1.0
KEPT_SECONDS = 3600.0
SILENT_SECONDS = 30.0
"""After so long without a word, a download has broken off."""


class NotAllFound(Unprocessable):
    """More match than a search lists, so the file would lack some. Add a word or narrow it down, then download it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download has come. Times are Unix seconds."""

    began: float
    heard: float
    done: int
    total: int
    over: bool = False

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.done / max(self.heard - self.began, 0.001)

    @property
    def seconds_left(self) -> float:
        """How long it will take still, at that rate."""
        return max(self.total - self.done, 0) / self.rate if self.done else 0.0

    @property
    def broken(self) -> bool:
        """Whether nothing was heard of it for long."""
        return not self.over and time.time() - self.heard > SILENT_SECONDS


def length_of(found: Mapping[str, Any]) -> int:
    """How many rows a list has, by its first page; 0 where it does not say."""
    total = found.get("total")
    return total if isinstance(total, int) else 0


async def progress_of(store: Store, token: str) -> Progress | None:
    """How far the download of *token* has come; None where it has not begun."""
    kept = await store.get(_key(token)) if token else None
    return Progress(**orjson.loads(kept)) if kept else None


def _key(token: str) -> str:
    return f"download:{token[:64]}"


class Download:
    """One list on its way."""

    def __init__(self, visit: Visit, listing: Listing, given: Mapping[str, str], token: str = "") -> None:
        """*given*: what the list's path and filters are given; *token*: under which its progress is kept."""
        self._visit, self._listing, self._token = visit, listing, token
        self._path = listing.path.format_map({name: quote(value, safe="") for name, value in given.items()})
        self._asked = {f"{name}_" if name == "from" else name: given.get(name, "") for name in listing.asked}
        self._began = time.time()

    async def first(self) -> Any:
        """The list's first page. Raises Refused, ServiceAway, NotAllFound."""
        found = await self._page("")
        if found.get("at_least"):
            raise NotAllFound
        return found

    async def _page(self, cursor: str) -> Any:
        limits = {"limit": self._listing.limit, "cursor": cursor}
        return await self._visit.ask(self._listing.service, self._path, **self._asked, **limits)

    async def _next(self, cursor: str) -> Any:
        """The next page; a service that is away for a moment is asked again."""
        for _ in range(TRIES - 1):
            try:
                return await self._page(cursor)
            except Unavailable:
                await asyncio.sleep(PAUSE)
        return await self._page(cursor)

    async def file(self, found: Any, names: Mapping[str, str], format_: str) -> AsyncIterator[bytes]:
        """The whole file, piece by piece, beginning with the page *found*."""
        writer = writer_of(format_, self._listing.headings, title=self._listing.title)
        try:
            async for piece in self._written(writer, found, names):
                yield piece
        finally:
            writer.close()

    async def _written(self, writer: SheetWriter, found: Any, names: Mapping[str, str]) -> AsyncIterator[bytes]:
        total, done = length_of(found), 0
        while True:
            rows = list(self._listing.rows(found))
            done += len(rows)
            yield b"".join(writer.add(self._listing.cells(row, names)) for row in rows)
            await self._say(Progress(self._began, time.time(), done, max(total, done)))
            if not found.get("next"):
                break
            found = await self._next(found["next"])
        async for piece in _rest(writer):
            yield piece
        await self._say(Progress(self._began, time.time(), done, done, over=True))

    async def _say(self, progress: Progress) -> None:
        if self._token:
            await self._visit.edge.store.set(_key(self._token), orjson.dumps(asdict(progress)), KEPT_SECONDS)


def attached(listing: Listing, format_: str, file: AsyncIterator[bytes]) -> Response:
    """*file* as an answer that a browser saves under the list's name and today's date."""
    name = f"{listing.title.lower()} {clock.today().isoformat()}.{format_}"
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "x-content-type-options": "nosniff", "cache-control": "no-store",
    }  # fmt: skip
    return StreamingResponse(file, media_type=media_type_of(format_), headers=headers)


async def _rest(writer: SheetWriter) -> AsyncIterator[bytes]:
    """What the writer has left; a large workbook is packed in a thread."""
    pieces = writer.finish()
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece
