"""Bounces and complaints: what they mean for a copy, its address and its reader, and the way back.

Invariants:
1. What a stranger's mail says is believed only where it names a copy that was sent, and then of that copy's address, or
   a mail about an account, whose id is signed together with its address: a forged report cannot silence anybody. A
   trusted sender (the hook, with a token) is believed by address.
2. An address that is refused for good gets no more mail; so does one that complained, whose reader is unsubscribed as
   well. What may pass (a full mailbox) counts: three within thirty days, and it is refused for good.
3. There is a way back: by staff, and by the person, who shows by a confirmed mail that the address works.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.following import unsubscribe
from services.notifications.delivery.settling import settle
from services.notifications.returned import Returned
from services.notifications.tables import (
    deliveries,
    newsletter_readers,
    people,
    reader_address,
    returned_mails,
    suppressions,
)
from shared import clock
from shared.db import upsert
from shared.envelope import new_id
from shared.errors import NotFound
from shared.mailer.addresses import as_known
from shared.mailer.marks import is_marked

SOFT_LIMIT = 3
SOFT_DAYS = timedelta(days=30)


class NotSuppressed(NotFound):
    """Mail goes to this address; there is nothing to take back."""


class Believed(NamedTuple):
    """How many parts of a report are about mails of ours, and how many of these were not known yet."""

    ours: int
    new: int


async def take_returned(
    session: AsyncSession, found: Iterable[Returned], *, key: str, trusted: bool = False
) -> Believed:
    """Record what came back and let it have its effect, once; returns how much was believed.

    *key* is the services': mails about accounts are marked with it.
    """
    await settle(session)
    ours = new = 0
    for one in found:
        copy = await _copy_of(session, one.mail_id)
        is_known = trusted or is_marked(key, one.mail_id, one.address)
        address = as_known(copy.address if copy else one.address if is_known else "")
        if not address:
            continue
        ours += 1
        if await _record(session, one, address):
            new += 1
            await _take(session, one, address, copy)
    return Believed(ours, new)


async def _copy_of(session: AsyncSession, mail_id: str) -> Any:
    """The copy that a Message-ID of ours names, with its reader's address as it is now."""
    thing, _, reader_id = mail_id.rpartition("@")[0].rpartition(".")
    d = deliveries.c
    query = (
        select(d.number, d.kind, d.reader_id, reader_address.label("address"))
        .outerjoin(people, people.c.id == d.reader_id)
        .outerjoin(newsletter_readers, newsletter_readers.c.id == d.reader_id)
        .where(d.thing == thing, d.reader_id == reader_id, d.state.in_(("sent", "sending", "bounced")))
    )
    return (await session.execute(query)).first() if thing else None


async def _record(session: AsyncSession, one: Returned, address: str) -> bool:
    """Keep it; whether it is new."""
    row = {
        "id": new_id(), "came_at": clock.now(), "kind": one.kind, "address": address, "status": one.status,
        "reason": one.reason, "mail_id": one.mail_id or new_id(),
    }  # fmt: skip
    statement = upsert(session, returned_mails).on_conflict_do_nothing().returning(returned_mails.c.id)
    return (await session.execute(statement, row)).first() is not None


async def _take(session: AsyncSession, one: Returned, address: str, copy: Any) -> None:
    if one.kind == "complaint":
        await suppress(session, address, one.reason, kind="complaint")
        if copy is not None:
            await unsubscribe(session, copy.reader_id)
    elif one.kind == "bounce":
        if copy is not None:
            mark = {"state": "bounced", "reason": f"{one.status} {one.reason}".strip()[:300], "holder": ""}
            await session.execute(update(deliveries).where(deliveries.c.number == copy.number).values(mark))
        if one.is_final or await _soft_bounces(session, address) >= SOFT_LIMIT:
            await suppress(session, address, f"{one.status} {one.reason}".strip(), kind="bounced")


async def _soft_bounces(session: AsyncSession, address: str) -> int:
    r = returned_mails.c
    recent = r.address == address, r.kind == "bounce", r.came_at > clock.now() - SOFT_DAYS
    return int((await session.execute(select(func.count()).where(*recent))).scalar_one())


async def suppress(session: AsyncSession, address: str, reason: str, *, kind: str) -> None:
    """Send no more mail to an address. A complaint outweighs what was known before."""
    row = {"address": as_known(address), "reason": reason[:300], "since": clock.now(), "kind": kind}
    statement = upsert(session, suppressions)
    if kind == "complaint":
        update_ = {name: row[name] for name in ("reason", "since", "kind")}
        conflict = statement.on_conflict_do_update(index_elements=[suppressions.c.address], set_=update_)
    else:
        conflict = statement.on_conflict_do_nothing()
    await session.execute(conflict, row)


async def lift(session: AsyncSession, address: str) -> None:
    """Send mail to an address again. What it bounced before no longer counts. Raises NotSuppressed."""
    address = as_known(address)
    known = suppressions.c.address == address
    if (await session.execute(select(suppressions.c.address).where(known))).first() is None:
        raise NotSuppressed
    await session.execute(delete(suppressions).where(known))
    await session.execute(delete(returned_mails).where(returned_mails.c.address == address))
