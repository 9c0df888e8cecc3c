"""What people do with an import: send a file, match its columns, choose, apply, undo, stop. The work is importing's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.importing import reading
from services.registry.importing.fields import BY_NAME
from services.registry.importing.holding import WORKED_ON
from services.registry.importing.judging import counted, judge_again, settle
from services.registry.tables import Effect, Import, ImportPiece, ImportRow, Network, Role, Verdict
from shared import clock
from shared.auth import Principal
from shared.boundary import require_revision
from shared.envelope import new_id
from shared.errors import Conflict, NotFound, Unprocessable
from shared.sheets import LARGEST_FILE

PIECE = 1024 * 1024
KEPT = timedelta(days=30)
"""How long an import can be undone, and its file and rows are kept."""
NAMED = 10
_LONG_AGO = timedelta(days=365)


class NoSuchImport(NotFound):
    """There is no import at this address; look in the list of imports."""


class FileTooLarge(Unprocessable):
    """The file is larger than 25 MB; split it, or save it as CSV."""


class NotNow(Conflict):
    """The import cannot do this in its present state; load its page again."""


class NothingToDo(Conflict):
    """No row is new or changed, so there is nothing to apply."""


class SomeRowsWrong(Unprocessable):
    """Some rows are wrong, so none was imported; mend or remove them and import again."""


class ChangedSince(Conflict):
    """Networks of this import were changed since, so it was not undone; undo those changes first, or leave them out."""


class TooOld(Conflict):
    """Imports can be undone for 30 days; this one is older. Change the networks themselves."""


class UnknownColumns(Unprocessable):
    """A column was matched that the file does not have, or a field that a network does not have."""


async def receive_file(
    session: AsyncSession, *, file: str, pieces: Sequence[bytes], by: Principal, automatic: bool = False,
    reason: str = "", minor: bool = False,
) -> Import:  # fmt: skip
    """Keep a file and begin to read it. *automatic*: nobody will be asked to match its columns. Raises FileTooLarge."""
    size = sum(len(piece) for piece in pieces)
    if size > LARGEST_FILE:
        raise FileTooLarge
    record = new_import(file, size, by, automatic=automatic, reason=reason, minor=minor)
    session.add(record)
    session.add_all(ImportPiece(import_id=record.id, number=n, content=piece) for n, piece in enumerate(pieces))
    await session.flush()
    return record


def new_import(file: str, size: int, by: Principal, *, automatic: bool, reason: str, minor: bool) -> Import:
    """An import whose file is still to be read."""
    now = clock.now()
    printable = "".join(c for c in file.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable()).strip()
    return Import(
        id=new_id(), revision=1, status="reading", file=printable[-120:] or "file", size=size, encoding="", sheet="",
        sheets=[], heading_row=0, headings=[], columns={}, fixed={}, matched="guess", automatic=automatic, rows=0,
        new=0, changed=0, duplicate=0, wrong=0, without_wrong=False, keep_changed=False, kept=0, done=0, total=0,
        begun_at=now, problem="", reason=reason, minor=minor, bodies=[], uploaded_by=by.person_id, uploaded_at=now,
        applied_by="", applied_at=None, undone_by="", undone_at=None, stopping=False, stopped_in="", attempts=0,
        holder="", alive_until=now - _LONG_AGO, forgotten_at=None,
    )  # fmt: skip


async def locked_import(session: AsyncSession, import_id: str, expected: int | None = None) -> Import:
    """The import, its row locked until the transaction ends. Raises NoSuchImport, ChangedMeanwhile."""
    record = await session.get(Import, import_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise NoSuchImport
    require_revision(expected, record.revision)
    return record


async def match_columns(
    session: AsyncSession, *, import_id: str, fields: dict[str, Any], expected: int | None = None
) -> Import:
    """Say which column is which field, what is the same for every row, or how the file is to be read; judge anew.

    *fields*: `columns`, `fixed`, `heading_row`, `sheet`, `encoding`. Raises NotNow, UnknownColumns.
    """
    record = await locked_import(session, import_id, expected)
    if record.status not in ("matching", "ready", "stopped", "failed") or record.forgotten_at:
        raise NotNow
    if {"sheet", "encoding"} & fields.keys():
        await reading.forget_rows(session, import_id)
        _begin(record, "reading", **{"heading_row": 0, **fields})
        return record
    if "heading_row" in fields and fields["heading_row"] != record.heading_row:
        record.heading_row = fields["heading_row"]
        for name, value in (await reading.find_columns(session, record, None)).items():
            setattr(record, name, value)
        _begin(record, "matching")
        return record
    _require_known(record, fields)
    await session.execute(delete(Verdict).where(Verdict.import_id == import_id))
    _begin(record, "judging", matched="hand", **fields)
    await reading.keep_matching(session, record)
    return record


def _require_known(record: Import, fields: dict[str, Any]) -> None:
    columns = fields.get("columns", record.columns)
    unknown = [name for name in {**columns, **fields.get("fixed", {})} if name not in BY_NAME]
    if unknown or any(not 0 <= place < len(record.headings) for place in columns.values()):
        raise UnknownColumns
    if "name" not in columns:
        raise UnknownColumns("Say which column holds the names of the networks.", errors=[
            {"field": "name", "message": "Choose the column that holds the names of the networks"}
        ])  # fmt: skip


def _begin(record: Import, status: str, **values: Any) -> None:
    """Go on to *status*, for whichever process takes it."""
    fresh = {"status": status, "problem": "", "stopping": False, "attempts": 0, "done": 0, "total": 0, "holder": ""}
    for name, value in {**fresh, "begun_at": clock.now(), "alive_until": clock.now() - _LONG_AGO, **values}.items():
        setattr(record, name, value)
    record.revision += 1


async def choose(
    session: AsyncSession, *, import_id: str, choice: str, rows: Sequence[int] | None, expected: int | None = None
) -> Import:
    """Say of rows that were found by likeness (all of them, when *rows* is None) that they are the same, or new."""
    record = await locked_import(session, import_id, expected)
    if record.status != "ready":
        raise NotNow
    likely = select(Verdict.place).where(Verdict.import_id == import_id, Verdict.likely)
    chosen = likely if rows is None else likely.where(Verdict.row.in_(rows))
    mine = update(ImportRow).where(ImportRow.import_id == import_id, ImportRow.place.in_(chosen))
    await session.execute(mine.values(choice=choice))
    if rows is None:
        await session.execute(delete(Verdict).where(Verdict.import_id == import_id))
        _begin(record, "judging")
        return record
    await judge_again(session, record, list((await session.execute(chosen)).scalars()))
    await settle(session, import_id)
    for name, count in (await counted(session, import_id)).items():
        setattr(record, name, count)
    record.revision += 1
    return record


async def apply_import(
    session: AsyncSession, *, import_id: str, by: Principal, without_wrong: bool = False,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Import:  # fmt: skip
    """Put the rows on the register, all of them or, on a failure, none. Raises NotNow, SomeRowsWrong, NothingToDo."""
    record = await locked_import(session, import_id, expected)
    if record.status != "ready":
        raise NotNow
    if record.wrong and not without_wrong:
        count = "1 row is" if record.wrong == 1 else f"{record.wrong:,} rows are"
        raise SomeRowsWrong(f"{count} wrong, so none was imported; mend what is wrong or leave it out.")
    if not record.new + record.changed:
        raise NothingToDo
    said = {"reason": reason or record.reason, "minor": minor or record.minor}
    _begin(record, "applying", applied_by=by.person_id, without_wrong=without_wrong, **said)
    return record


async def undo_import(
    session: AsyncSession, *, import_id: str, by: Principal, keep_changed: bool = False,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Import:  # fmt: skip
    """Take an import back as one change. Raises NotNow, TooOld, ChangedSince unless what was changed may be kept."""
    record = await locked_import(session, import_id, expected)
    if record.status != "applied":
        raise NotNow
    if record.forgotten_at or record.applied_at is None or clock.now() - record.applied_at > KEPT:
        raise TooOld
    if not keep_changed:
        await _require_unchanged(session, record)
    _begin(record, "undoing", undone_by=by.person_id, keep_changed=keep_changed, reason=reason, minor=minor)
    return record


async def _require_unchanged(session: AsyncSession, record: Import) -> None:
    changed = changed_since(record.id)
    count = (await session.execute(select(func.count()).select_from(changed.subquery()))).scalar_one()
    if not count:
        return
    rows = (await session.execute(changed.order_by(Network.sort_name).limit(NAMED))).all()
    named = ", ".join(row.name for row in rows) + (f" and {count - NAMED:,} more" if count > NAMED else "")
    what = "1 network of this import was" if count == 1 else f"{count:,} networks of this import were"
    raise ChangedSince(
        f"{what} changed since: {named}. Nothing was undone; undo those changes first, or leave them as they are.",
        networks=[{"id": row.id, "name": row.name, "slug": row.slug} for row in rows], count=count,
    )  # fmt: skip


def changed_since(import_id: str) -> Any:
    """The networks of an import that were changed after it, or that it made and somebody has a role in by now."""
    query = select(Network.id, Network.name, Network.slug).join(Effect, Effect.network_id == Network.id)
    held = select(Role.id).where(Role.network_id == Network.id, Role.status == "active").exists()
    later = or_(Network.revision != Effect.revision, and_(Effect.made, held))
    return query.where(Effect.import_id == import_id, later)


async def stop_import(session: AsyncSession, *, import_id: str) -> Import:
    """Stop the step that is worked on, within a moment; nothing of it reaches the register. Raises NotNow."""
    record = await locked_import(session, import_id)
    if record.status not in WORKED_ON:
        raise NotNow
    record.stopping = True
    return record


async def resume_import(session: AsyncSession, *, import_id: str) -> Import:
    """Go on with what was stopped or failed. Raises NotNow."""
    record = await locked_import(session, import_id)
    if record.status not in ("stopped", "failed") or record.forgotten_at:
        raise NotNow
    _begin(record, record.stopped_in or "reading")
    return record


async def discard_import(session: AsyncSession, *, import_id: str) -> None:
    """Drop an import that was never applied, with its file. Raises NotNow."""
    record = await locked_import(session, import_id)
    if record.status in (*WORKED_ON, "applied", "undone"):
        raise NotNow
    await drop_contents(session, import_id)
    await session.delete(record)
    await session.flush()


async def drop_contents(session: AsyncSession, import_id: str) -> None:
    """Drop the file, its rows and what was made of them."""
    for table in (ImportPiece, ImportRow, Verdict, Effect):
        await session.execute(delete(table).where(table.import_id == import_id))
