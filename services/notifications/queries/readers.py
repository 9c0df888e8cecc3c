"""Reading the newsletter's readers, and the addresses to which no mail goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import newsletter_readers, people, suppressions
from shared.mailer.addresses import as_known


async def readers_page(
    session: AsyncSession, *, words: str, after: str, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Readers whose address or name holds *words*, in the order of their ids, and how many there are in all."""
    r, account, voucher = newsletter_readers.c, people.alias("account"), people.alias("voucher")
    address, name = func.coalesce(account.c.email, r.email), func.coalesce(account.c.name, r.name)
    found = newsletter_readers.outerjoin(account, account.c.id == r.id).outerjoin(voucher, voucher.c.id == r.consent_by)
    conditions: list[ColumnElement[bool]] = []
    if words:
        sought = (address, as_known(words)), (name, words)
        conditions = [or_(*(part.icontains(text, autoescape=True) for part, text in sought))]
    query = select(
        newsletter_readers, address.label("shown_email"), name.label("shown_name"),
        account.c.id.is_not(None).label("has_account"), func.coalesce(voucher.c.name, "").label("consent_by_name"),
    ).select_from(found)  # fmt: skip
    rows = (await session.execute(query.where(*conditions, r.id > after).order_by(r.id).limit(limit))).mappings()
    total = (await session.execute(select(func.count()).select_from(found).where(*conditions))).scalar_one()
    return [_reader(row) for row in rows], total


def _reader(row: RowMapping) -> dict[str, Any]:
    status = "unconfirmed" if row["confirmed_at"] is None else "reads" if row["unsubscribed_at"] is None else "left"
    return {**row, "email": row["shown_email"], "name": row["shown_name"], "status": status}


async def suppressions_page(
    session: AsyncSession, *, words: str, after: str, limit: int
) -> tuple[list[RowMapping], int]:
    """Addresses that hold *words*, in their order, and how many there are in all."""
    conditions = [suppressions.c.address.icontains(as_known(words), autoescape=True)] if words else []
    query = select(suppressions).where(*conditions, suppressions.c.address > after)
    rows = (await session.execute(query.order_by(suppressions.c.address).limit(limit))).mappings().all()
    total = (await session.execute(select(func.count()).select_from(suppressions).where(*conditions))).scalar_one()
    return list(rows), total


async def address_of(session: AsyncSession, person_id: str) -> str:
    """A person's mail address, or nothing."""
    return str((await session.execute(select(people.c.email).where(people.c.id == person_id))).scalar() or "")


async def suppression_of(session: AsyncSession, address: str) -> RowMapping | None:
    """Why no mail goes to an address; None where it does."""
    query = select(suppressions).where(suppressions.c.address == as_known(address))
    return (await session.execute(query)).mappings().first()


async def suppressed_among(session: AsyncSession, addresses: Sequence[str]) -> list[RowMapping]:
    """Those of *addresses* to which no mail goes, and why."""
    wanted = [as_known(address) for address in addresses]
    query = select(suppressions).where(suppressions.c.address.in_(wanted))
    return list((await session.execute(query)).mappings())
