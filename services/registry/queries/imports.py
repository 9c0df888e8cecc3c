"""Imports, their rows, how far they have come, and what they brought."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.imports import NoSuchImport
from services.registry.importing.fields import FIELDS
from services.registry.importing.holding import WORKED_ON
from services.registry.importing.reading import content_of
from services.registry.schemas.imports import (
    ImportedNetwork,
    ImportField,
    ImportProgress,
    ImportRecord,
    ImportSummary,
    PreviewRow,
)
from services.registry.tables import Effect, Import, ImportPiece, ImportRow, Network, Person, Verdict
from shared import clock
from shared.sheets import CsvWriter

SAMPLES = 3
BATCH = 500
WHY = "Why it was not imported"
PEOPLE = ("uploaded_by", "applied_by", "undone_by")


async def import_at(session: AsyncSession, import_id: str) -> Import:
    """One import. Raises NoSuchImport."""
    record = await session.get(Import, import_id)
    if record is None:
        raise NoSuchImport
    return record


async def imports_page(
    session: AsyncSession, *, limit: int, before: str
) -> tuple[list[ImportSummary], str | None, int]:
    """Imports, newest first: (imports, the next cursor, how many in all)."""
    total = (await session.execute(select(func.count()).select_from(Import))).scalar_one()
    query = select(Import).where(Import.id < before).order_by(Import.id.desc()).limit(limit + 1)
    found = list((await session.execute(query)).scalars())
    names = await _names(session, found[:limit])
    items = [_shown(ImportSummary, record, names) for record in found[:limit]]
    return items, items[-1].id if len(found) > limit else None, total


async def import_record(session: AsyncSession, import_id: str) -> ImportRecord:
    """One import, with its columns and what stands under them."""
    record = await import_at(session, import_id)
    shown: ImportRecord = _shown(ImportRecord, record, await _names(session, [record]))
    query = select(ImportRow.cells).where(ImportRow.import_id == import_id, ImportRow.row > record.heading_row)
    rows = list((await session.execute(query.order_by(ImportRow.place).limit(50))).scalars())
    likely = select(func.count()).where(Verdict.import_id == import_id, Verdict.likely)
    return shown.model_copy(
        update={
            "fields": [ImportField(name=field.name, label=field.label) for field in FIELDS],
            "samples": [_values(rows, place) for place in range(len(record.headings))],
            "likely": (await session.execute(likely)).scalar_one(),
        }
    )


def _values(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    found = (cells[place].strip() for cells in rows if place < len(cells) and cells[place].strip())
    return list(dict.fromkeys(found))[:SAMPLES]


def _shown(model: Any, record: Import, names: dict[str, str]) -> Any:
    called = {f"{role}_name": names.get(getattr(record, role), "") for role in PEOPLE}
    return model.model_validate(record).model_copy(update=called)


async def _names(session: AsyncSession, records: Sequence[Import]) -> dict[str, str]:
    ids = {getattr(record, role) for record in records for role in PEOPLE}
    return dict((await session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))).all())


async def preview_page(
    session: AsyncSession, import_id: str, *, outcome: str, likely: bool, q: str, limit: int, after: int
) -> tuple[list[PreviewRow], str | None, int]:
    """Rows in the order of the file: (rows, the next cursor, how many match)."""
    conditions = [Verdict.import_id == import_id]
    conditions += [Verdict.outcome == outcome] if outcome else []
    conditions += [Verdict.likely.is_(True)] if likely else []
    conditions += [Verdict.name.icontains(q, autoescape=True)] if q else []
    total = (await session.execute(select(func.count()).where(*conditions))).scalar_one()
    query = select(Verdict, Network.slug).outerjoin(Network, Network.id == Verdict.network_id)
    query = query.where(*conditions, Verdict.place > after).order_by(Verdict.place).limit(limit + 1)
    found = (await session.execute(query)).all()
    items = [
        PreviewRow.model_validate(verdict).model_copy(update={"network_slug": slug or ""})
        for verdict, slug in found[:limit]
    ]
    return items, str(found[limit - 1][0].place) if len(found) > limit else None, total


async def progress_of(session: AsyncSession, import_id: str) -> ImportProgress:
    """How far the present step has come."""
    record = await import_at(session, import_id)
    seconds = max((clock.now() - record.begun_at).total_seconds(), 0.001)
    rate = record.done / seconds if record.done else 0.0
    left = (record.total - record.done) / rate if rate and record.total > record.done else None
    return ImportProgress(
        id=record.id, status=record.status, done=record.done, total=record.total, rate=round(rate, 1),
        seconds_left=left, stopping=record.stopping, over=record.status not in WORKED_ON, problem=record.problem,
    )  # fmt: skip


async def imported_page(
    session: AsyncSession, import_id: str, *, limit: int, after: str
) -> tuple[Import, list[ImportedNetwork], str | None, int]:
    """What an import brought: (the import, networks, the next cursor, how many). Raises NoSuchImport before it did."""
    record = await import_at(session, import_id)
    if record.applied_at is None:
        raise NoSuchImport
    mine = select(Network, Effect.made).join(Effect, Effect.network_id == Network.id)
    mine = mine.where(Effect.import_id == import_id)
    total = (await session.execute(select(func.count()).where(Effect.import_id == import_id))).scalar_one()
    rows = await session.execute(mine.where(Network.id > after).order_by(Network.id).limit(limit + 1))
    found = [
        ImportedNetwork(
            id=n.id, name=n.name, slug=n.slug, care_group=n.care_group, bodies=n.bodies, made=made, archived=n.archived
        )
        for n, made in rows
    ]
    return record, found[:limit], found[limit - 1].id if len(found) > limit else None, total


async def left_out_as_csv(session: AsyncSession, record: Import, outcome: str) -> AsyncIterator[bytes]:
    """The rows with that outcome as CSV, in the file's own columns, each with its number and its reason."""
    width = len(record.headings)
    writer = CsvWriter(["Row", *record.headings, WHY])
    query = select(Verdict.place, Verdict.row, ImportRow.cells, Verdict.reason).join(
        ImportRow, (ImportRow.import_id == Verdict.import_id) & (ImportRow.place == Verdict.place)
    )
    query = query.where(Verdict.import_id == record.id, Verdict.outcome == outcome).order_by(Verdict.place)
    after = -1
    while rows := (await session.execute(query.where(Verdict.place > after).limit(BATCH))).all():
        for _, number, cells, reason in rows:
            yield writer.add([number, *[*cells, *[""] * width][:width], reason])
        after = rows[-1].place
    for piece in writer.finish():
        yield piece


async def file_of(session: AsyncSession, import_id: str) -> tuple[Import, bytes]:
    """The file as it was sent. Raises NoSuchImport, also when it is kept no more."""
    record = await import_at(session, import_id)
    known = select(func.count()).where(ImportPiece.import_id == import_id)
    if not (await session.execute(known)).scalar_one():
        raise NoSuchImport("The file is kept no more.")
    return record, await content_of(session, import_id)
