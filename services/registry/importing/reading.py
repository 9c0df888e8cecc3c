"""The step that takes the file apart and finds its headings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.importing.headings import (
    SAMPLES,
    SEARCHED,
    by_heading,
    by_place,
    guessed,
    heading_place,
    headings_at,
    signature,
)
from services.registry.importing.values import Words, body_key
from services.registry.tables import Body, Import, ImportPiece, ImportRow, Matching, Network
from services.registry.wording import key_of
from shared import clock
from shared.rows import insert_rows
from shared.sheets import MOST_ROWS, About, Row, Unreadable


async def content_of(session: AsyncSession, import_id: str) -> bytes:
    """The file as it was sent."""
    query = select(ImportPiece.content).where(ImportPiece.import_id == import_id).order_by(ImportPiece.number)
    return b"".join((await session.execute(query)).scalars())


async def rows_stored(session: AsyncSession, import_id: str) -> int:
    """How many rows are stored already: a reading that was cut off goes on after them."""
    return (await session.execute(select(func.count()).where(ImportRow.import_id == import_id))).scalar_one()


async def store_rows(session: AsyncSession, import_id: str, rows: Sequence[Row], *, first: int) -> None:
    """Keep *rows*, the first of them at place *first*."""
    stored = [
        {"import_id": import_id, "place": place, "row": row.number, "cells": row.cells, "choice": ""}
        for place, row in enumerate(rows, start=first)
    ]
    if stored:
        await insert_rows(session, ImportRow.__table__, stored)  # type: ignore[arg-type]


async def forget_rows(session: AsyncSession, import_id: str) -> None:
    """Drop what was read, to read it again otherwise."""
    await session.execute(delete(ImportRow).where(ImportRow.import_id == import_id))


async def find_columns(session: AsyncSession, record: Import, about: About | None) -> dict[str, Any]:
    """What the rows stored say of headings and columns, as values of the import. Raises Unreadable."""
    head = await _head(session, record.id)
    if not head:
        raise Unreadable("The file holds no rows.")
    place = _chosen(head, record.heading_row) if record.heading_row else heading_place([cells for _, cells in head])
    below = [cells for _, cells in head[place + 1 :]]
    width = max(len(cells) for _, cells in head[place:])
    headings = headings_at([cells for _, cells in head], place, width=width)
    heading_row = head[place][0]
    rows = await count_below(session, record.id, heading_row)
    if rows > MOST_ROWS:
        raise Unreadable(f"The file has more than {MOST_ROWS:,} rows; split it.")
    columns, fixed, matched = await _columns(session, headings, below)
    found = {"heading_row": heading_row, "headings": headings, "columns": columns, "fixed": fixed, "matched": matched}
    read = {"sheet": about.sheet, "sheets": about.sheets, "encoding": about.encoding} if about else {}
    return {**found, **read, "rows": rows}


async def count_below(session: AsyncSession, import_id: str, heading_row: int) -> int:
    """How many rows stand below the headings."""
    query = select(func.count()).where(ImportRow.import_id == import_id, ImportRow.row > heading_row)
    return (await session.execute(query)).scalar_one()


async def _head(session: AsyncSession, import_id: str) -> list[tuple[int, list[str]]]:
    query = select(ImportRow.row, ImportRow.cells).where(ImportRow.import_id == import_id)
    rows = await session.execute(query.order_by(ImportRow.place).limit(SEARCHED + SAMPLES))
    return [(row, cells) for row, cells in rows]


def _chosen(head: Sequence[tuple[int, list[str]]], heading_row: int) -> int:
    return max((place for place, (row, _) in enumerate(head) if row <= heading_row), default=0)


async def _columns(
    session: AsyncSession, headings: Sequence[str], below: Sequence[Sequence[str]]
) -> tuple[dict[str, int], Mapping[str, Any], str]:
    """As they were matched the last time under these headings, else by guess."""
    kept = await session.get(Matching, signature(headings))
    if kept is not None and (columns := by_place(kept.columns, headings)):
        return columns, kept.fixed, "kept"
    return guessed(headings, below, await words_of(session)), {}, "guess"


async def words_of(session: AsyncSession) -> Words:
    """The names that cells may use: bodies by code, name and region, care groups as the register spells them."""
    known = (await session.execute(select(Body.code, Body.name, Body.region).order_by(Body.code))).all()
    regions = Counter(body_key(region) for _, _, region in known)
    bodies = {body_key(region): code for code, _, region in known if regions[body_key(region)] == 1}
    bodies |= {body_key(name): code for code, name, _ in known} | {code: code for code, _, _ in known}
    groups = select(Network.care_group, func.count()).where(Network.archived.is_(False)).group_by(Network.care_group)
    counted = sorted((await session.execute(groups)).all(), key=lambda row: row[1])
    return Words(bodies, tuple(code for code, _, _ in known), {key_of(group): group for group, _ in counted})


async def keep_matching(session: AsyncSession, record: Import) -> None:
    """Remember how these headings were matched."""
    await session.execute(delete(Matching).where(Matching.headings == signature(record.headings)))
    session.add(
        Matching(
            headings=signature(record.headings), columns=by_heading(record.columns, record.headings),
            fixed=record.fixed, used_at=clock.now(),
        )
    )  # fmt: skip


async def write(session: AsyncSession, import_id: str, **values: Any) -> None:
    """Change the import's row."""
    await session.execute(update(Import).where(Import.id == import_id).values(**values))
