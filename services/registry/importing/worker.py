"""The worker: takes one import after another, and gives the long ones a process of their own.

A hundred thousand rows are half a minute of thinking. In this process each moment of it would hold up whoever waits
for a page; in another it uses the other core, and its memory goes back to the machine at the end.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import orjson
import structlog
from sqlalchemy import func, select

from services.registry.importing.holding import WORKED_ON, Hold, Lost, due, let_go, record_of, take
from services.registry.importing.work import step
from services.registry.tables import Import, Network
from shared.config import Settings
from shared.envelope import new_id
from shared.service import Parts

log = structlog.get_logger()
LOOK_SECONDS = 0.5
SHORT = 1_500
"""Rows and networks to compare up to which an import is not worth a process."""
STOP_SECONDS = 5.0


class ProcessFailed(RuntimeError):
    """The process that worked on an import ended by itself; the next try counts as another attempt."""


async def import_files(parts: Parts) -> None:
    """Work on whatever waits, until told to stop."""
    holder = new_id()
    while True:
        async with parts.database.reading() as session:
            import_id = await due(session)
        if import_id is None:
            await asyncio.sleep(LOOK_SECONDS)
            continue
        async with parts.database.transaction() as session:
            held = await take(session, import_id, holder)
        if held:
            await _work(parts, Hold(parts.database, import_id, holder))


async def _work(parts: Parts, hold: Hold) -> None:
    try:
        while await _step(parts, hold):
            pass
    except Lost:
        log.info("import_held_elsewhere", import_id=hold.import_id)
    except Exception as error:
        log.exception("import_failed", import_id=hold.import_id, reason=str(error)[:300])
        await asyncio.sleep(1)
    finally:
        with suppress(Exception):  # without it the hold lapses by itself
            async with parts.database.transaction() as session:
                await let_go(session, hold)


async def _step(parts: Parts, hold: Hold) -> bool:
    async with hold.database.reading() as session:
        record = await record_of(session, hold.import_id)
        networks = (await session.execute(select(func.count()).select_from(Network))).scalar_one()
    if record.status != "reading" and record.status in WORKED_ON and record.rows + networks > SHORT:
        await in_a_process(parts.settings, hold)
        return await _still_ours(hold, record)
    async with hold.alive():
        return await step(hold)


async def _still_ours(hold: Hold, was: Import) -> bool:
    """Whether there is another step. Raises ProcessFailed where the last one was not done."""
    async with hold.database.reading() as session:
        record = await record_of(session, hold.import_id)
    if (record.status, record.revision) == (was.status, was.revision):
        raise ProcessFailed
    return record.status in WORKED_ON and record.holder == hold.holder


async def in_a_process(settings: Settings, hold: Hold) -> None:
    """Do what is to be done in a process of its own; it ends with us, because we hold its input open."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.registry.importing", stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin
    task = {"settings": settings.model_dump(mode="json"), "import_id": hold.import_id, "holder": hold.holder}
    try:
        process.stdin.write(orjson.dumps(task) + b"\n")
        await process.stdin.drain()
        await process.wait()
    finally:
        process.stdin.close()
        with suppress(TimeoutError, ProcessLookupError):
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        if process.returncode is None:
            process.kill()
