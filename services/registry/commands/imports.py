"""Importing networks from CSV: every row judged, then all of them applied or none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.naming import first_free, folded, slug_of
from services.registry.commands.networks import new_network, said, state_of
from services.registry.schemas.imports import ImportedRow, ImportResult
from services.registry.schemas.networks import NewNetwork
from services.registry.tables import Body, Cover, Network
from shared import clock
from shared.auth import Principal
from shared.contracts.registry import NETWORK_CHANGED, NETWORK_CREATED
from shared.errors import Unprocessable
from shared.outbox import Change, publish

COLUMNS = {"name", "type", "care_group"}

OPTIONAL = {"level", "purpose", "side", "sha_codes", "source", "aims", "web", "email", "host", "stage"}

MOST_ROWS = 100_000

MOST_REPORTED = 1_000


class UnreadableFile(Unprocessable):
    """The file could not be read as CSV; save it as CSV in UTF-8 and try again."""


class SomeRowsWrong(Unprocessable):
    """Some rows are wrong, so none was imported; mend or remove them and import again."""


async def import_networks(
    session: AsyncSession, *, content: bytes, by: Principal, dry_run: bool = False
) -> ImportResult:
    """Judge the rows of a CSV file and, unless *dry_run*, apply them all.

    A row whose name is on the register and whose fields agree is a duplicate; one that differs changes it.
    Raises UnreadableFile, and SomeRowsWrong (with the account in `result`) before anything is written.
    """
    register = {n.sort_name: n for n in (await session.execute(select(Network).with_for_update())).scalars()}
    bodies = set((await session.execute(select(Body.code))).scalars())
    judged = [_judged(number, row, register, bodies) for number, row in _unique(read_rows(content))]
    result = _result([report for report, _ in judged])
    if dry_run:
        return result
    if result.wrong:
        raise SomeRowsWrong(f"{result.wrong} rows are wrong, so none was imported.", result=result.model_dump())
    await _apply(session, [(report.outcome, fields) for report, fields in judged], register, by)
    return result


def read_rows(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Number (from 2, as a spreadsheet shows it) and fields of each row. Raises UnreadableFile."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"Byte {error.start} is not UTF-8; save the file as CSV in UTF-8.") from None
    reader = csv.DictReader(io.StringIO(text), strict=True)
    missing = COLUMNS - set(reader.fieldnames or ())
    if missing:
        raise UnreadableFile(f"The first line lacks the column {', '.join(sorted(missing))}; add it and try again.")
    try:
        for number, row in enumerate(reader, start=2):
            if number > MOST_ROWS + 1:
                raise UnreadableFile(f"The file has more than {MOST_ROWS:,} rows; split it.")
            yield number, {key: value for key, value in row.items() if key and isinstance(value, str)}
    except csv.Error as error:
        raise UnreadableFile(f"Line {reader.line_num} is not CSV: {error}.") from None


def _unique(rows: Iterator[tuple[int, dict[str, str]]]) -> Iterator[tuple[int, dict[str, str]]]:
    """Marks a row whose name came before in the file."""
    first: dict[str, int] = {}
    for number, row in rows:
        name = folded(row.get("name", "").strip())
        if name in first:
            row["same as row"] = str(first[name])
        first.setdefault(name, number)
        yield number, row


def _judged(
    number: int, row: dict[str, str], register: dict[str, Network], bodies: set[str]
) -> tuple[ImportedRow, dict[str, Any]]:
    name = row.get("name", "").strip()
    if "same as row" in row:
        return ImportedRow(
            row=number, outcome="duplicate", name=name[:200], reason=f"The same name as row {row['same as row']}."
        ), {}
    try:
        fields = _fields(row, bodies)
    except (ValidationError, ValueError) as error:
        return ImportedRow(row=number, outcome="wrong", name=name[:200], reason=_sentence(error)), {}
    known = register.get(folded(fields["name"]))
    if known is None:
        return ImportedRow(row=number, outcome="new", name=name), fields
    differing = [key for key, value in fields.items() if getattr(known, key) != value]
    if not differing:
        return ImportedRow(row=number, outcome="duplicate", name=name, reason="On the register already."), {}
    return ImportedRow(row=number, outcome="changed", name=name, reason=f"Changes {', '.join(differing)}."), fields


def _fields(row: dict[str, str], bodies: set[str]) -> dict[str, Any]:
    """The fields that a row gives. Raises ValidationError or ValueError with what is wrong."""
    codes = [code.strip() for code in row.get("sha_codes", "").split(";") if code.strip()]
    if unknown := sorted(set(codes) - bodies):
        raise ValueError(f"unknown oversight body {', '.join(unknown)}")
    names = (COLUMNS | OPTIONAL) - {"sha_codes", "source"}
    given = {name: row[name].strip() for name in names if row.get(name, "").strip()}
    model = NewNetwork.model_validate({**given, "bodies": codes})
    return model.model_dump(include=set(given) | {"bodies"})


def _sentence(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        )
    return f"{error}"


def _result(reports: list[ImportedRow]) -> ImportResult:
    counts = dict.fromkeys(("new", "changed", "duplicate", "wrong"), 0)
    for report in reports:
        counts[report.outcome] += 1
    telling = [report for report in reports if report.outcome != "new"]
    return ImportResult(**counts, rows=telling[:MOST_REPORTED])


async def _apply(
    session: AsyncSession, judged: list[tuple[str, dict[str, Any]]], register: dict[str, Network], by: Principal
) -> None:
    slugs = {network.slug for network in register.values()}
    new = [_new(fields, slugs) for outcome, fields in judged if outcome == "new"]
    changed = [
        _changed(register[folded(fields["name"])], fields, by) for outcome, fields in judged if outcome == "changed"
    ]
    if new:
        await session.execute(insert(Network), [_columns(network) for network in new])
        covers = [{"network_id": n.id, "body": body} for n in new for body in dict.fromkeys(n.bodies)]
        if covers:
            await session.execute(insert(Cover), covers)
    created = [
        said(NETWORK_CREATED, n, headline=f"New network: {n.name}", by=by, reason="Imported", minor=True) for n in new
    ]
    await publish(session, *created, *changed)


def _new(fields: dict[str, Any], slugs: set[str]) -> Network:
    slug = first_free(slug_of(fields["name"]), slugs)
    slugs.add(slug)
    return new_network(fields, slug=slug)


def _changed(network: Network, fields: dict[str, Any], by: Principal) -> Change:
    before = state_of(network).model_dump(mode="json")
    for name, value in fields.items():
        setattr(network, name, value)
    network.revision += 1
    network.updated_at = clock.now()
    return said(
        NETWORK_CHANGED,
        network,
        headline=f"{network.name}: record changed",
        before=before,
        by=by,
        reason="Imported",
        minor=True,
    )


def _columns(network: Network) -> dict[str, Any]:
    return {column.key: getattr(network, column.key) for column in Network.__table__.columns}
