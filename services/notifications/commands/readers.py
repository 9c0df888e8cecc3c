"""Readers of the newsletter: signing up in two steps, and bringing in those who said yes elsewhere.

Invariants:
1. Nobody gets the newsletter who has not said so themselves: an address is a reader's only after the link in a mail to
   it was pressed, or where somebody vouches for when and how they agreed.
2. Asking answers the same whether an address is known or not, and sends one mail in ten minutes at most; it changes
   nothing for anybody who is known already.
3. Who left is never brought back by an import.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.following import choose, subscribe
from services.notifications.commands.returned import NotSuppressed, lift
from services.notifications.confirmations import DAYS, WrongConfirmation
from services.notifications.letters.stationery import sendable
from services.notifications.tables import deliveries, newsletter_readers, people
from shared import clock
from shared.db import among
from shared.envelope import new_id
from shared.mailer.addresses import as_known
from shared.rows import insert_rows

KIND = "signup"
"""Of the mail's delivery; its `thing` is made anew each time."""
PAUSE = timedelta(minutes=10)


async def ask_to_read(session: AsyncSession, *, address: str, name: str, wanted: Sequence[str]) -> None:
    """Send a mail with a link to *address*; it is a reader's once the link is pressed. Raises NotAnAddress."""
    address = sendable(name, address)
    reader_id = await reader_at(session, address)
    if reader_id is None:
        reader_id = new_id()
        row = {"id": reader_id, "email": address, "name": name, "asked_at": clock.now()}
        await session.execute(insert(newsletter_readers), {**row, "wanted": "\n".join(wanted)})
    recently = deliveries.c.kind == KIND, deliveries.c.next_at > clock.now() - PAUSE
    asked = select(deliveries.c.number).where(deliveries.c.reader_id == reader_id, *recently)
    if (await session.execute(asked)).first() is None:
        copy = {
            "kind": KIND, "thing": new_id(), "reader_id": reader_id, "state": "pending", "attempts": 0,
            "next_at": clock.now(), "holder": "", "repeated": False, "reason": "",
        }  # fmt: skip
        await session.execute(insert(deliveries), copy)


async def reader_at(session: AsyncSession, address: str) -> str | None:
    """The id of whoever has this address: a person's, or that of a reader without an account."""
    for table in (people, newsletter_readers):
        query = select(table.c.id).where(func.lower(table.c.email) == as_known(address)).limit(1)
        if (found := (await session.execute(query)).scalar()) is not None:
            return str(found)
    return None


async def confirm(session: AsyncSession, reader_id: str) -> None:
    """The link was pressed: the address works and its owner wants the newsletter. Raises WrongConfirmation."""
    person = (await session.execute(select(people.c.email).where(people.c.id == reader_id))).scalar()
    mine = newsletter_readers.c.id == reader_id
    reader = (await session.execute(select(newsletter_readers).where(mine))).mappings().first()
    if person is None and reader is None:
        raise WrongConfirmation
    consent = {"consent_how": "confirmed from a mail", "consent_on": clock.today()}
    if person is not None:
        await subscribe(session, [reader_id])
        await session.execute(update(newsletter_readers).where(mine).values(consent))
    elif reader is not None:
        said = {"confirmed_at": clock.now(), "unsubscribed_at": None, "wanted": ""}
        await session.execute(update(newsletter_readers).where(mine).values({**said, **consent}))
        if wanted := reader["wanted"].split():
            await choose(session, reader_id, "interest", wanted)
    try:
        await lift(session, str(person or (reader and reader["email"])))
    except NotSuppressed:
        return


async def forget_unconfirmed(session: AsyncSession) -> None:
    """Forget the addresses whose link was not pressed while it was good."""
    past = clock.now() - timedelta(days=DAYS + 1)
    r = newsletter_readers.c
    await session.execute(delete(newsletter_readers).where(r.confirmed_at.is_(None), r.asked_at < past))


async def bring_in(
    session: AsyncSession, rows: Sequence[Mapping[str, Any]], *, by: str, people: Mapping[str, str]
) -> None:
    """Make readers of imported rows, none of whom reads or has left. *people*: address → account, in normal form."""
    without = [row for row in rows if row["email"] not in people]
    asked = [row["email"] for row in without]
    r = newsletter_readers.c
    await session.execute(delete(newsletter_readers).where(r.confirmed_at.is_(None), among(session, r.email, asked)))
    values = [
        {
            "id": new_id(), "email": row["email"], "name": row["name"], "confirmed_at": clock.now(),
            "unsubscribed_at": None, "asked_at": None, "wanted": "", **_proof(row, by),
        }
        for row in without
    ]  # fmt: skip
    if values:
        await insert_rows(session, newsletter_readers, values)
    for row in rows:
        if person_id := people.get(row["email"]):
            await subscribe(session, [person_id])
            mine = update(newsletter_readers).where(newsletter_readers.c.id == person_id)
            await session.execute(mine.values(_proof(row, by)))


def _proof(row: Mapping[str, Any], by: str) -> dict[str, Any]:
    """How and when somebody agreed, and who vouches for it."""
    return {"consent_how": row["how"], "consent_on": row["consented_on"], "consent_by": by}
