"""`tidings import`: a file into the register, step by step, with its progress; also while the services run."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from services.cli.composition import load
from services.cli.data import principal_called
from services.registry.commands import imports as commands
from services.registry.commands.import_at_once import account, import_networks
from services.registry.importing.holding import Hold, Lost, take
from services.registry.importing.work import work
from services.registry.queries.imports import import_at, left_out_as_csv, progress_of
from services.registry.schemas.imports import ImportProgress, ImportResult
from services.registry.tables import Import
from shared.auth import Principal
from shared.config import Settings, WrongSetting
from shared.db import Database
from shared.envelope import new_id
from shared.errors import Forbidden, Unprocessable
from shared.migrations import migrate

STEPS = {"reading": "Reading", "judging": "Comparing", "applying": "Applying"}
LOOK_SECONDS = 0.2


class NotImported(Unprocessable):
    """The file could not be imported; mend what is said above and import it again."""


async def import_file(
    settings: Settings, what: str, file: Path, email: str, *, dry_run: bool, reason: str, errors: Path | None,
    as_it_stands: bool, as_json: bool,
) -> None:  # fmt: skip
    """Import a CSV file or a workbook of networks and print the account. Raises Forbidden unless the person is staff.

    With wrong rows nothing is imported: they are listed, written to *errors* where it is given, and the exit is 1.
    *as_it_stands*: stages pass no gate; at most 5,000 rows, in one transaction.
    """
    if what != "networks":
        raise WrongSetting(f"Cannot import {what!r}; networks can be imported.")
    content = _content_of(file)
    by = await principal_called(settings, email)
    if not by.is_staff:
        raise Forbidden(f"{email} is not staff; only staff may import.")
    async with _register(settings) as database:
        if as_it_stands:
            _print(await _taken_over(database, file.name, content, by, reason, dry_run), as_json=as_json)
            return
        import_id = await _sent(database, file.name, content, by, reason)
        result = await _judged(database, import_id, quiet=as_json)
        if errors is not None:
            await _write_wrong(database, import_id, errors)
        if dry_run or result.wrong or not result.new + result.changed:
            await _discard(database, import_id)
        else:
            await _applied(database, import_id, by, quiet=as_json)
    _print(result, as_json=as_json)
    if result.wrong and not dry_run:
        raise NotImported


@asynccontextmanager
async def _register(settings: Settings) -> AsyncIterator[Database]:
    service, database = load("registry"), Database(settings, "registry")
    try:
        await database.create()
        await migrate(database, service.metadata, service.migrations)
        async with database.transaction() as session:
            await service.reference(session)  # type: ignore[misc]
        yield database
    finally:
        await database.dispose()


async def _taken_over(
    database: Database, file: str, content: bytes, by: Principal, reason: str, dry_run: bool
) -> ImportResult:
    """A register as it is, before its people and its evidence are there. Raises SomeRowsWrong."""
    async with database.transaction() as session:
        return await import_networks(
            session, content=content, by=by, dry_run=dry_run, file=file, reason=reason, as_it_stands=True
        )


def _content_of(file: Path) -> bytes:
    if not file.is_file():
        raise WrongSetting(f"There is no file {file}.")
    return file.read_bytes()


async def _sent(database: Database, file: str, content: bytes, by: Principal, reason: str) -> str:
    pieces = [content[at : at + commands.PIECE] for at in range(0, len(content), commands.PIECE)]
    async with database.transaction() as session:
        record = await commands.receive_file(session, file=file, pieces=pieces, by=by, automatic=True, reason=reason)
        return record.id


async def _judged(database: Database, import_id: str, *, quiet: bool) -> ImportResult:
    record = await _worked(database, import_id, quiet=quiet)
    if record.status != "ready":
        await _discard(database, import_id)
        raise NotImported(record.problem or NotImported.__doc__)
    async with database.reading() as session:
        return await account(session, record)


async def _applied(database: Database, import_id: str, by: Principal, *, quiet: bool) -> None:
    async with database.transaction() as session:
        await commands.apply_import(session, import_id=import_id, by=by)
    record = await _worked(database, import_id, quiet=quiet)
    if record.status != "applied":
        raise NotImported(record.problem)


async def _worked(database: Database, import_id: str, *, quiet: bool) -> Import:
    """The import once nobody works on it: neither we nor a running service, whichever takes it first."""
    hold = Hold(database, import_id, new_id())
    with _bar(quiet) as bar:
        shown = bar.add_task("", total=None)
        while True:
            async with database.transaction() as session:
                held = await take(session, import_id, hold.holder)
            working = asyncio.create_task(work(hold)) if held else None
            progress = await _watched(database, import_id, working, bar, shown)
            if working is not None:
                with suppress(Lost):
                    await working
            if progress.over:
                async with database.reading() as session:
                    return await import_at(session, import_id)


async def _watched(
    database: Database, import_id: str, working: asyncio.Task[None] | None, bar: Progress, shown: TaskID
) -> ImportProgress:
    """Show how far it has come until it is over, or our own work on it is."""
    while True:
        is_done = working is not None and working.done()
        async with database.reading() as session:
            progress = await progress_of(session, import_id)
        words = STEPS.get(progress.status, progress.status)
        bar.update(shown, description=words, completed=progress.done, total=progress.total or None)
        if progress.over or is_done:
            return progress
        await asyncio.sleep(LOOK_SECONDS)


def _bar(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(file=sys.stderr), disable=quiet or not sys.stderr.isatty(), transient=True,
    )  # fmt: skip


async def _write_wrong(database: Database, import_id: str, file: Path) -> None:
    async with database.reading() as session:
        record = await import_at(session, import_id)
        with file.open("wb") as target:
            async for piece in left_out_as_csv(session, record, "wrong"):
                target.write(piece)


async def _discard(database: Database, import_id: str) -> None:
    async with database.transaction() as session:
        await commands.discard_import(session, import_id=import_id)


def _print(result: ImportResult, *, as_json: bool) -> None:
    counts = result.model_dump(include={"new", "changed", "duplicate", "wrong"})
    if as_json:
        print(orjson.dumps(counts).decode())
        return
    for row in result.rows:
        print(f"row {row.row}: {row.outcome}: {row.name}: {row.reason}")
    print(", ".join(f"{number} {word}" for word, number in counts.items()))
