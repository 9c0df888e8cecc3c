"""Imports: send a file, match its columns, look at what would become of it, apply it, undo it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote

from fastapi import Query, Request, Response

from services.registry.commands import import_at_once
from services.registry.commands import imports as commands
from services.registry.queries import imports as queries
from services.registry.schemas.imports import (
    ImportApply,
    ImportChoice,
    Imported,
    ImportMatch,
    ImportProgress,
    ImportRecord,
    ImportResult,
    ImportSummary,
    ImportUndo,
    LeftOut,
    Outcome,
    Preview,
)
from services.registry.tables import Import
from shared.auth import Principal, Session, anyone, may, staff
from shared.boundary import ChangeBody, IfMatch, Router, etag
from shared.declared import gives_file, takes_file
from shared.errors import BadRequest
from shared.fields import Page
from shared.sheets import CSV_TYPE, LARGEST_FILE

router = Router(tags=["imports"])
FILE_BODY = takes_file(CSV_TYPE, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
Limit = Annotated[int, Query(ge=1, le=100)]
FileName = Annotated[str, Query(max_length=300)]
Why = Annotated[str, Query(max_length=500)]


class WrongCursor(BadRequest):
    """The cursor is not one of ours; begin again without it."""


@router.post("/networks/imports", openapi_extra=FILE_BODY)
async def import_networks(
    request: Request, session: Session, dry_run: bool = False, file: FileName = "networks.csv", reason: Why = "",
    minor: bool = False, by: Principal = may(staff, "networks:write"),
) -> ImportResult:  # fmt: skip
    """Import a short list (the body: CSV or a workbook), all rows or none; with `dry_run` only say what of it."""
    return await import_at_once.import_networks(
        session, content=await request.body(), by=by, dry_run=dry_run, file=file, reason=reason, minor=minor
    )


@router.post("/imports", status_code=201, openapi_extra=FILE_BODY)
async def receive_import(
    request: Request, session: Session, response: Response, file: FileName = "networks.csv", reason: Why = "",
    minor: bool = False, by: Principal = may(staff, "networks:write"),
) -> ImportSummary:  # fmt: skip
    """Send a file (the body: CSV or a workbook). It is read in the background; see its progress."""
    pieces = [piece async for piece in _pieces(request)]
    record = await commands.receive_file(session, file=file, pieces=pieces, by=by, reason=reason, minor=minor)
    response.headers["location"] = f"/api/imports/{record.id}"
    return _summary(response, record)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of one size. Raises FileTooLarge as soon as it is."""
    held, size = bytearray(), 0
    async for chunk in request.stream():
        held += chunk
        size += len(chunk)
        if size > LARGEST_FILE:
            raise commands.FileTooLarge
        while len(held) >= commands.PIECE:
            yield bytes(held[: commands.PIECE])
            del held[: commands.PIECE]
    if held:
        yield bytes(held)


@router.get("/imports")
async def list_imports(
    session: Session, limit: Limit = 25, cursor: str = "", _by: Principal = may(staff, "networks:read")
) -> Page[ImportSummary]:
    """The imports, newest first."""
    items, following, total = await queries.imports_page(session, limit=limit, before=cursor or "~")
    return Page(items=items, next=following, total=total)


@router.get("/imports/{import_id}")
async def get_import(
    import_id: str, session: Session, response: Response, _by: Principal = may(staff, "networks:read")
) -> ImportRecord:
    """One import, with its columns."""
    record = await queries.import_record(session, import_id)
    etag(response, record.revision)
    return record


@router.patch("/imports/{import_id}")
async def match_columns(
    import_id: str, body: ImportMatch, session: Session, response: Response, expected: IfMatch,
    _by: Principal = may(staff, "networks:write"),
) -> ImportSummary:  # fmt: skip
    """Say which column is which field, or how the file is to be read; its rows are then judged anew."""
    record = await commands.match_columns(session, import_id=import_id, fields=body.fields(), expected=expected)
    return _summary(response, record)


@router.get("/imports/{import_id}/rows")
async def preview(
    import_id: str, session: Session, outcome: Outcome | None = None, likely: bool = False,
    q: Annotated[str, Query(max_length=200)] = "", limit: Limit = 25, cursor: str = "",
    _by: Principal = may(staff, "networks:read"),
) -> Preview:  # fmt: skip
    """What becomes of the rows, in the order of the file."""
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise WrongCursor
    record = await queries.import_at(session, import_id)
    after = int(cursor) if cursor else -1
    items, following, total = await queries.preview_page(
        session, import_id, outcome=outcome or "", likely=likely, q=q, limit=limit, after=after
    )
    counts = {name: getattr(record, name) for name in ("new", "changed", "duplicate", "wrong")}
    return Preview(items=items, next=following, total=total, counts=counts)


@router.post("/imports/{import_id}/choices")
async def choose(
    import_id: str, body: ImportChoice, session: Session, response: Response, expected: IfMatch,
    _by: Principal = may(staff, "networks:write"),
) -> ImportSummary:  # fmt: skip
    """Say of rows that resemble something that they are the same, or new."""
    record = await commands.choose(session, import_id=import_id, choice=body.choice, rows=body.rows, expected=expected)
    return _summary(response, record)


@router.post("/imports/{import_id}/apply", status_code=202)
async def apply_import(
    import_id: str, body: ImportApply, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(staff, "networks:write"),
) -> ImportSummary:  # fmt: skip
    """Put the rows on the register, all or none; see its progress."""
    record = await commands.apply_import(
        session, import_id=import_id, by=by, without_wrong=body.without_wrong, expected=expected,
        reason=body.reason, minor=body.minor,
    )  # fmt: skip
    return _summary(response, record)


@router.post("/imports/{import_id}/undo", status_code=202)
async def undo_import(
    import_id: str, body: ImportUndo, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(staff, "networks:write"),
) -> ImportSummary:  # fmt: skip
    """Take an import back, as one change; 409 names the networks that were changed since."""
    record = await commands.undo_import(
        session, import_id=import_id, by=by, keep_changed=body.keep_changed, expected=expected,
        reason=body.reason, minor=body.minor,
    )  # fmt: skip
    return _summary(response, record)


@router.post("/imports/{import_id}/stop")
async def stop_import(
    import_id: str, _body: ChangeBody, session: Session, response: Response,
    _by: Principal = may(staff, "networks:write"),
) -> ImportSummary:  # fmt: skip
    """Stop the step that is worked on."""
    return _summary(response, await commands.stop_import(session, import_id=import_id))


@router.post("/imports/{import_id}/resume")
async def resume_import(
    import_id: str, _body: ChangeBody, session: Session, response: Response,
    _by: Principal = may(staff, "networks:write"),
) -> ImportSummary:  # fmt: skip
    """Go on with what was stopped or failed."""
    return _summary(response, await commands.resume_import(session, import_id=import_id))


@router.post("/imports/{import_id}/discard", status_code=204)
async def discard_import(
    import_id: str, _body: ChangeBody, session: Session, _by: Principal = may(staff, "networks:write")
) -> Response:
    """Drop an import that was never applied, with its file."""
    await commands.discard_import(session, import_id=import_id)
    return Response(status_code=204)


@router.get("/imports/{import_id}/progress")
async def progress(import_id: str, session: Session, _by: Principal = may(staff, "networks:read")) -> ImportProgress:
    """How far the present step has come."""
    return await queries.progress_of(session, import_id)


@router.get("/imports/{import_id}/errors", response_class=Response, responses=gives_file(CSV_TYPE))
async def errors(
    import_id: str, session: Session, outcome: LeftOut = "wrong",
    _by: Principal = may(staff, "networks:read"),
) -> Response:  # fmt: skip
    """The rows that are wrong (or the duplicates) as CSV, in the file's own columns, each with its reason."""
    record = await queries.import_at(session, import_id)
    content = b"".join([piece async for piece in queries.left_out_as_csv(session, record, outcome)])
    return _download(content, CSV_TYPE, f"{record.file.rsplit('.', 1)[0]} - rows to mend.csv")


@router.get("/imports/{import_id}/file", response_class=Response, responses=gives_file("application/octet-stream"))
async def get_file(import_id: str, session: Session, _by: Principal = may(staff, "networks:read")) -> Response:
    """The file as it was sent."""
    record, content = await queries.file_of(session, import_id)
    return _download(content, "application/octet-stream", record.file)


@router.get("/imports/{import_id}/networks")
async def imported_networks(
    import_id: str, session: Session, limit: Limit = 25, cursor: str = "", _by: Principal = may(anyone, "networks:read")
) -> Imported:
    """What an import brought: the networks that it made or changed."""
    record, items, following, total = await queries.imported_page(session, import_id, limit=limit, after=cursor)
    return Imported(
        id=record.id, file=record.file, status=record.status, new=record.new, changed=record.changed,
        kept=record.kept, applied_at=record.applied_at, undone_at=record.undone_at,
        items=items, next=following, total=total,
    )  # fmt: skip


def _summary(response: Response, record: Import) -> ImportSummary:
    etag(response, record.revision)
    return ImportSummary.model_validate(record)


def _download(content: bytes, media_type: str, name: str) -> Response:
    """A file that browsers save and never show."""
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "x-content-type-options": "nosniff",
    }
    return Response(content, media_type=media_type, headers=headers)
