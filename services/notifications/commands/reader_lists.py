"""A list of readers who agreed elsewhere: every row judged, with its reason, before any is taken."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.readers import bring_in, reader_at
from services.notifications.letters import NotAnAddress, mailbox
from services.notifications.tables import newsletter_readers, suppressions
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


async def import_readers(session: AsyncSession, text: str, *, by: Principal, dry_run: bool) -> dict[str, Any]:
    """Judge every row, and take the good ones unless it is a *dry_run*; a count of each outcome, and the reasons."""
    counted: Counter[str] = Counter()
    told: list[dict[str, Any]] = []
    seen: set[str] = set()
    for line, row in enumerate(_rows(text), start=2):
        outcome, reason = await _judged(session, row, seen)
        if outcome == "new" and not dry_run:
            outcome = await bring_in(session, row, by=by.person_id)
        counted[outcome] += 1
        if outcome != "new" and len(told) < SHOWN:
            told.append({"line": line, "email": row["email"][:254], "outcome": outcome, "reason": reason})
    names = ("new", "already", "left", "suppressed", "wrong")
    return {**{name: counted[name] for name in names}, "rows": told, "dry_run": dry_run}


def _rows(text: str) -> list[dict[str, Any]]:
    """The rows with the columns that count. Raises NotAList, TooLong."""
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
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
            values = {name: " ".join(str(row.get(names.get(name)) or "").split()) for name in COLUMNS}
            if any(values.values()):
                found.append(values)
    except csv.Error:
        raise NotAList from None
    return found


async def _judged(session: AsyncSession, row: dict[str, Any], seen: set[str]) -> tuple[str, str]:
    """What would become of a row, and why. Puts the day of consent into it."""
    address = row["email"].lower()
    try:
        mailbox(row["name"], row["email"])
    except NotAnAddress:
        return "wrong", "This is not an address that mail can be sent to."
    try:
        row["consented_on"] = date.fromisoformat(row["consented_on"])
    except ValueError:
        return "wrong", "The day of consent is missing, or not written as 2026-11-23."
    if row["consented_on"] > clock.today():
        return "wrong", "The day of consent is still to come."
    if not row["how"]:
        return "wrong", "How they agreed is missing: say where, such as “form at the spring conference”."
    if address in seen:
        return "already", "The address stands in this list twice."
    seen.add(address)
    return await _known(session, address)


async def _known(session: AsyncSession, address: str) -> tuple[str, str]:
    refused = select(suppressions.c.reason).where(suppressions.c.address == address)
    if reason := (await session.execute(refused)).scalar():
        return "suppressed", f"No mail goes to this address: {reason}"
    reader_id = await reader_at(session, address)
    mine = select(newsletter_readers).where(newsletter_readers.c.id == reader_id)
    known = (await session.execute(mine)).mappings().first() if reader_id else None
    if known and known["unsubscribed_at"] is not None:
        return "left", "This reader has left; only they can come back, by signing up."
    if known and known["confirmed_at"] is not None:
        return "already", "This reader gets the newsletter already."
    return "new", ""
