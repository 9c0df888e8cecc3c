"""A process for one import: told on its input what to do and with which settings, and done when that input ends."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress

import orjson

from services.registry.importing.holding import Hold, Lost
from services.registry.importing.work import work
from shared.config import Settings
from shared.db import Database
from shared.heap import keep_heap_small
from shared.logging import configure_logging

NICENESS = 10
"""Whoever waits for a page comes first, where there is not a core for each."""


async def main() -> None:
    """Work until the import waits for people, somebody else holds it, or whoever started us is gone."""
    os.nice(NICENESS)
    keep_heap_small()
    told = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
    task = orjson.loads(await told.readline())
    settings = Settings.model_validate(task["settings"])
    configure_logging(settings.log_level, as_json=not sys.stderr.isatty())
    database = Database(settings, "registry")
    working = asyncio.create_task(_worked(Hold(database, task["import_id"], task["holder"])))
    watching = asyncio.create_task(told.read())
    try:
        await asyncio.wait([working, watching], return_when=asyncio.FIRST_COMPLETED)
        watching.cancel()
        if not working.done():
            working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    finally:
        await database.dispose()


async def _worked(hold: Hold) -> None:
    with suppress(Lost):
        await work(hold)


if __name__ == "__main__":
    asyncio.run(main())
