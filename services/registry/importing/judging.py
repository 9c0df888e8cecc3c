"""The step that says of each row what becomes of it, and why."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.importing.comparing import Known, Twin, known_networks, verdict_of
from services.registry.importing.gates import refusals
from services.registry.importing.likeness import Likeness
from services.registry.importing.reading import words_of
from services.registry.importing.rows import name_in
from services.registry.importing.values import Words
from services.registry.tables import Import, ImportRow, Network, Verdict
from services.registry.wording import folded
from shared.db import among
from shared.rows import insert_rows

BATCH = 500
AT_ONCE = 25
"""Rows between two turns of others."""
MOST_TWINS = 3
SHOWN_NAME = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the file as it is judged."""

    place: int
    row: int
    cells: list[str]
    choice: str


class Judge:
    """Judges rows of one import; what it remembers of names takes a few dozen bytes each."""

    def __init__(self, record: Import, words: Words, *, gated: bool = True) -> None:
        """Knows no names yet: it then finds equal names and no like ones. Not *gated*, a row may say any stage."""
        self._gated = gated
        self._record = record
        self._words = words
        self._likeness = Likeness()
        self._networks: list[str] = []
        self._first: dict[int, int] = {}
        self._row_at = array("L")

    @property
    def knows(self) -> int:
        """How many names it has learnt."""
        return len(self._networks) + len(self._row_at)

    async def learn(self, session: AsyncSession) -> None:
        """The names on the register, then those in the file in their order."""
        after = ""
        query = select(Network.id, Network.name, Network.aliases).where(Network.archived.is_(False))
        query = query.order_by(Network.id).limit(BATCH)
        while rows := (await session.execute(query.where(Network.id > after))).all():
            for network_id, name, aliases in rows:
                for called in [name, *aliases]:
                    self._likeness.add(called)
                    self._networks.append(network_id)
            after = rows[-1].id
        async for batch in batches(session, self._record):
            for entry in batch:
                self._learn_row(entry)
        self._likeness.sort()

    def _learn_row(self, entry: Entry) -> None:
        name = name_in(entry.cells, self._record.columns)
        self._likeness.add(name)
        self._first.setdefault(hash(folded(name)), entry.row)
        self._row_at.append(entry.row)

    async def judge(self, session: AsyncSession, batch: Sequence[Entry], *, first: int) -> list[dict[str, Any]]:
        """A verdict's row for each of *batch*, whose first is the file's row number *first* from 0."""
        names = [name_in(entry.cells, self._record.columns) for entry in batch]
        twins = [self._twins(name, place) for place, name in enumerate(names, start=first)]
        ids = [twin.network_id for some in twins for twin in some if twin.network_id]
        known = await known_networks(session, [folded(name) for name in names], ids)
        verdicts = []
        for number, (entry, name, likely) in enumerate(zip(batch, names, twins, strict=True)):
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)  # let others of this process have a turn
            verdicts.append(self.verdict(entry, name, known, likely))
        return await self.past_gates(session, verdicts)

    async def past_gates(self, session: AsyncSession, verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """*verdicts*, those wrong that ask for a stage which their network may not have."""
        refused = await refusals(session, verdicts) if self._gated else {}
        return [
            {**verdict, "outcome": "wrong", "reason": refused[verdict["place"]], "changes": {}}
            if verdict["place"] in refused
            else verdict
            for verdict in verdicts
        ]

    def verdict(self, entry: Entry, name: str, known: Known, twins: Sequence[Twin]) -> dict[str, Any]:
        """What becomes of one row."""
        earlier = self._first.get(hash(folded(name)), entry.row) if name else entry.row
        found = verdict_of(
            entry.cells, name, record=self._record, words=self._words, known=known, twins=twins, choice=entry.choice,
            earlier=earlier if earlier < entry.row else None,
        )  # fmt: skip
        placed = {"import_id": self._record.id, "place": entry.place, "row": entry.row, "name": name[:SHOWN_NAME]}
        return {**placed, **found, "choice": entry.choice}

    def _twins(self, name: str, place: int) -> list[Twin]:
        """The likeliest twins: networks of the register before rows above."""
        networks = len(self._networks)
        like = sorted(self._likeness.like(name, before=networks + place))[:MOST_TWINS]
        return [
            Twin(network_id=self._networks[found], how=how)
            if found < networks
            else Twin(row=self._row_at[found - networks], how=how)
            for found, how in like
        ]


async def batches(session: AsyncSession, record: Import, *, after: int = -1) -> AsyncIterator[list[Entry]]:
    """The rows below the headings, those after place *after*, BATCH at a time."""
    query = select(ImportRow.place, ImportRow.row, ImportRow.cells, ImportRow.choice).order_by(ImportRow.place)
    query = query.where(ImportRow.import_id == record.id, ImportRow.row > record.heading_row).limit(BATCH)
    while rows := (await session.execute(query.where(ImportRow.place > after))).all():
        yield [Entry(*row) for row in rows]
        after = rows[-1].place


async def judged_so_far(session: AsyncSession, import_id: str) -> tuple[int, int]:
    """(how many rows are judged, the place of the last)."""
    query = select(func.count(), func.max(Verdict.place)).where(Verdict.import_id == import_id)
    count, last = (await session.execute(query)).one()
    return count, -1 if last is None else last


async def store(session: AsyncSession, verdicts: list[dict[str, Any]]) -> None:
    """Keep verdicts, in the place of earlier ones of the same rows."""
    if not verdicts:
        return
    places = [verdict["place"] for verdict in verdicts]
    earlier = delete(Verdict).where(
        Verdict.import_id == verdicts[0]["import_id"], among(session, Verdict.place, places)
    )
    await session.execute(earlier)
    await insert_rows(session, Verdict.__table__, verdicts)  # type: ignore[arg-type]


async def judge_again(session: AsyncSession, record: Import, places: Sequence[int]) -> None:
    """Judge some rows anew, each with the twin that it was found to have."""
    judge = Judge(record, await words_of(session))
    query = select(ImportRow, Verdict).join(
        Verdict, (Verdict.import_id == ImportRow.import_id) & (Verdict.place == ImportRow.place)
    )
    query = query.where(ImportRow.import_id == record.id, among(session, ImportRow.place, list(places)))
    found = (await session.execute(query.order_by(ImportRow.place))).all()
    known = await known_networks(
        session, [folded(verdict.name) for _, verdict in found], [v.network_id for _, v in found if v.network_id]
    )
    verdicts = []
    for row, was in found:
        likely = [Twin(was.network_id, was.twin_row, was.twin_name, "")] if was.likely else []
        entry = Entry(row.place, row.row, row.cells, row.choice)
        verdicts.append(judge.verdict(entry, name_in(row.cells, record.columns), known, likely))
    await store(session, await judge.past_gates(session, verdicts))


async def settle(session: AsyncSession, import_id: str) -> None:
    """Let one row change a network where several would: the one that names it, else the first."""
    changed = (Verdict.import_id == import_id) & (Verdict.outcome == "changed")
    several = select(Verdict.network_id).where(changed).group_by(Verdict.network_id).having(func.count() > 1)
    query = select(Verdict.network_id, Verdict.place, Verdict.row).where(changed, Verdict.network_id.in_(several))
    first: dict[str, int] = {}
    for network_id, place, row in await session.execute(query.order_by(Verdict.likely, Verdict.place)):
        if first.setdefault(network_id, row) != row:
            reason = f"Row {first[network_id]} changes the same network."
            again = update(Verdict).where(Verdict.import_id == import_id, Verdict.place == place)
            await session.execute(again.values(outcome="duplicate", reason=reason))


async def counted(session: AsyncSession, import_id: str) -> dict[str, int]:
    """Outcome → how many rows."""
    query = select(Verdict.outcome, func.count()).where(Verdict.import_id == import_id).group_by(Verdict.outcome)
    return dict.fromkeys(("new", "changed", "duplicate", "wrong"), 0) | dict((await session.execute(query)).all())
