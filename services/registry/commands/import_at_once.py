"""A short list in one request and one transaction: read, judged and applied, or refused with its account."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.imports import SomeRowsWrong, drop_contents, receive_file
from services.registry.importing import reading, telling
from services.registry.importing.applying import Applying
from services.registry.importing.judging import Judge, batches, counted, settle, store
from services.registry.schemas.imports import ImportedRow, ImportResult
from services.registry.tables import Import, Verdict
from shared import clock
from shared.auth import Principal
from shared.errors import Unprocessable
from shared.outbox import publish
from shared.sheets import read
from shared.staging import Stage

MOST_AT_ONCE = 5_000
MOST_REPORTED = 1_000


class TooManyAtOnce(Unprocessable):
    """More than 5,000 rows take longer than a request may: send the file to /api/imports and follow its progress."""


class NoNames(Unprocessable):
    """No column holds the networks' names: add the column `name` and import again."""


async def import_networks(
    session: AsyncSession, *, content: bytes, by: Principal, dry_run: bool = False, file: str = "networks.csv",
    reason: str = "", minor: bool = False, as_it_stands: bool = False,
) -> ImportResult:  # fmt: skip
    """Judge the rows of a file and, unless *dry_run*, apply them all.

    *as_it_stands*: a register is taken over as it is, before its people and its evidence; its stages pass no gate.
    Raises Unreadable, TooManyAtOnce, and SomeRowsWrong (with the account in `result`) before anything is written.
    """
    record = await receive_file(session, file=file, pieces=[content], by=by, automatic=True, reason=reason, minor=minor)
    await _judged(session, record, content, gated=not as_it_stands)
    result = await account(session, record)
    if dry_run:
        await drop_contents(session, record.id)
        await session.delete(record)
        await session.flush()
    elif result.wrong:
        raise SomeRowsWrong(_why(result), result=result.model_dump())
    else:
        await _applied(session, record, by, gated=not as_it_stands)
    return result


async def _judged(session: AsyncSession, record: Import, content: bytes, *, gated: bool) -> None:
    stored = 0
    async with read(content) as (about, found):
        async for rows in found:
            await reading.store_rows(session, record.id, rows, first=stored)
            stored += len(rows)
            if stored > MOST_AT_ONCE:
                raise TooManyAtOnce
    _set(record, await reading.find_columns(session, record, about))
    if "name" not in record.columns:
        raise NoNames
    judge, done = Judge(record, await reading.words_of(session), gated=gated), 0
    await judge.learn(session)
    async for batch in batches(session, record):
        await store(session, await judge.judge(session, batch, first=done))
        done += len(batch)
    await settle(session, record.id)
    _set(record, {**await counted(session, record.id), "status": "ready"})


async def _applied(session: AsyncSession, record: Import, by: Principal, *, gated: bool) -> None:
    _set(record, {"status": "applied", "applied_by": by.person_id, "applied_at": clock.now(), "revision": 2})
    stage = Stage(session)
    applying = Applying(record, stage, gated=gated)
    async for batch in applying.batches(session):
        await applying.gather(session, batch)
    others = await applying.pour(session)
    await stage.clear()
    record.bodies = sorted(applying.gathered.bodies)
    await session.flush()
    if applying.gathered.networks:
        await publish(session, telling.applied(record), *others)


def _why(result: ImportResult) -> str:
    """The sentence that names the first of the wrong rows."""
    first = next(row for row in result.rows if row.outcome == "wrong")
    count = "1 row is" if result.wrong == 1 else f"{result.wrong:,} rows are"
    return f"{count} wrong, so none was imported. Row {first.row}: {first.reason}"


def _set(record: Import, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(record, name, value)


async def account(session: AsyncSession, record: Import) -> ImportResult:
    """How many rows were what, and the rows that need a look."""
    query = select(Verdict.row, Verdict.outcome, Verdict.name, Verdict.reason)
    query = query.where(Verdict.import_id == record.id, Verdict.outcome != "new")
    query = query.order_by(Verdict.outcome.desc(), Verdict.place).limit(MOST_REPORTED)  # the wrong ones first
    rows = (await session.execute(query)).mappings()
    counts = {name: getattr(record, name) for name in ("new", "changed", "duplicate", "wrong")}
    return ImportResult(**counts, rows=[ImportedRow.model_validate(dict(row)) for row in rows])
