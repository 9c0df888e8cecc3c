"""A list of readers who agreed elsewhere: every row judged, with its reason, before any is taken."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.readers import bring_in
from services.notifications.delivery.rows import readers_found
from services.notifications.letters.stationery import NotAnAddress, sendable
from services.notifications.tables import newsletter_readers, people, reader_address, suppressions
from shared import clock
from shared.auth import Principal
from shared.errors import Unprocessable

COLUMNS = ("email", "name", "consented_on", "how")
MOST_ROWS = 50_000
SHOWN = 500


class NotAList(Unprocessable):
    """This is not a list of readers; its first line names the columns email, name, consented_on and how."""


class TooLong(Unprocessable):
    """This list has more than 50,000 rows; bring it in in parts."""


@dataclass(frozen=True, slots=True)
class Known:
    """Who has which address, who reads or has left, who gets no mail, and what this list has named so far."""

    people: dict[str, str]
    states: dict[str, str]
    refused: dict[str, str]
    listed: set[str]

    def outcome(self, address: str) -> tuple[str, str]:
        """What would become of an address, and why."""
        if reason := self.refused.get(address):
            return "suppressed", f"No mail goes to this address: {reason}"
        reasons = {
            "left": "This reader has left; only they can come back, by signing up.",
            "already": "This reader gets the newsletter already.",
        }
        state = self.states.get(address, "new")
        return state, reasons.get(state, "")


async def import_readers(session: AsyncSession, text: str, *, by: Principal, dry_run: bool) -> dict[str, Any]:
    """Judge every row, and take the good ones unless it is a *dry_run*; a count of each outcome, and the reasons."""
    counted: Counter[str] = Counter()
    good: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    known = await _known(session)
    for line, row in enumerate(_rows(text), start=2):
        outcome, reason = _judged(known, row)
        counted[outcome] += 1
        if outcome == "new":
            good.append(row)
        elif len(told) < SHOWN:
            told.append({"line": line, "email": row["email"][:254], "outcome": outcome, "reason": reason})
    if not dry_run:
        await bring_in(session, good, by=by.person_id, people=known.people)
    names = ("new", "already", "left", "suppressed", "wrong")
    return {**{name: counted[name] for name in names}, "rows": told, "dry_run": dry_run}


def _rows(text: str) -> list[dict[str, Any]]:
    """The rows with the columns that count. Raises NotAList, TooLong."""
    lines = text.lstrip("\ufeff").replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    first = lines.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(lines), delimiter=";" if ";" in first else ",")
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    if not {"email", "consented_on", "how"} <= set(names):
        raise NotAList
    found: list[dict[str, Any]] = []
    try:
        for row in reader:
            if len(found) >= MOST_ROWS:
                raise TooLong
            values = {name: " ".join(str(row.get(names.get(name)) or "").split())[:300] for name in COLUMNS}
            if any(values.values()):
                found.append(values)
    except csv.Error:
        raise NotAList from None
    return found


def _judged(known: Known, row: dict[str, Any]) -> tuple[str, str]:
    """What would become of a row, and why. Puts the address in normal form and the day of consent into it."""
    try:
        address = row["email"] = sendable(row["name"], row["email"])
    except NotAnAddress as error:
        return "wrong", error.detail
    try:
        row["consented_on"] = date.fromisoformat(row["consented_on"])
    except ValueError:
        return "wrong", "The day of consent is missing, or not written as 2026-11-23."
    if row["consented_on"] > clock.today():
        return "wrong", "The day of consent is still to come."
    if not row["how"]:
        return "wrong", "How they agreed is missing: say where, such as “form at the spring conference”."
    if address in known.listed:
        return "already", "The address stands in this list twice."
    known.listed.add(address)
    return known.outcome(address)


async def _known(session: AsyncSession) -> Known:
    """Every address that is known, read once: a list of thousands asks about each."""
    r, p = newsletter_readers.c, people.c
    accounts = {row.email.lower(): row.id for row in await session.execute(select(p.id, p.email)) if row.email}
    refused = {row.address: row.reason for row in await session.execute(select(suppressions))}
    query = select(reader_address.label("email"), r.confirmed_at, r.unsubscribed_at)
    states: dict[str, str] = {}
    for row in await session.execute(query.select_from(readers_found())):
        if row.unsubscribed_at is not None or row.confirmed_at is not None:
            states[row.email.lower()] = "left" if row.unsubscribed_at is not None else "already"
    return Known(accounts, states, refused, set())
