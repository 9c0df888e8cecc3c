"""The changes of a network, or of whatever else has a history under a key of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.access import unapproved_shown_to
from services.registry.commands import state_of
from services.registry.schemas.history import Entry, FieldChange
from services.registry.tables import Network, Person, ServiceChange
from shared.auth import Principal
from shared.contracts.registry import (
    SERVICE_CHANGE_AGREED,
    SERVICE_CHANGE_CHANGED,
    SERVICE_CHANGE_DECLINED,
    SERVICE_CHANGE_PROPOSED,
)
from shared.db import total_of
from shared.fields import Page
from shared.history import history, history_of, last_changes

OF_NETWORKS = "networks.registry.network."
OF_SERVICE_CHANGES = "networks.registry.service-change."
BEFORE_APPROVAL = [
    contract.type
    for contract in (
        SERVICE_CHANGE_PROPOSED, SERVICE_CHANGE_CHANGED, SERVICE_CHANGE_AGREED, SERVICE_CHANGE_DECLINED
    )
]  # fmt: skip


async def history_page(
    session: AsyncSession, key: str, by: Principal, *, limit: int, cursor: str | None
) -> Page[Entry]:
    """The newest changes of a network, a link or a standard that *by* may see, with the names of who made them."""
    found = await history_of(session, key, _seen_by(by), limit=limit + 1, before=cursor or "~")
    total = await total_of(session, history, [history.c.key == key, _seen_by(by)], found, limit=limit, first=not cursor)
    names = await _names(session, found[:limit])
    entries = [Entry(**entry, actor_name=names.get(entry["actor"], "")) for entry in found[:limit]]
    return Page(items=entries, next=entries[-1].id if len(found) > limit else None, total=total)


async def fields_of(session: AsyncSession, network: Network) -> list[FieldChange]:
    """Each field of a network that was ever given, with who changed it last, when and why."""
    state, last = state_of(network).model_dump(mode="json"), await last_changes(session, network.id, types=OF_NETWORKS)
    names = await _names(session, last.values())
    return [
        FieldChange(
            field=field, value=state[field], time=entry["time"], actor=entry["actor"],
            actor_name=names.get(entry["actor"], ""), reason=entry["reason"], revision=entry["revision"],
            entry=entry["id"],
        )
        for field in state if (entry := last.get(field)) and field != "id"
    ]  # fmt: skip


async def _names(session: AsyncSession, entries: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Person → name, of those who made the changes."""
    query = select(Person.id, Person.name).where(Person.id.in_({entry["actor"] for entry in entries}))
    return dict((await session.execute(query)).all())


def _seen_by(by: Principal) -> ColumnElement[bool]:
    """Of a service change, its entries before it was approved are for those who might see it then."""
    if by.is_staff:
        return true()
    entry, of_changes = history.c, history.c.type.startswith(OF_SERVICE_CHANGES, autoescape=True)
    approved = select(ServiceChange.id).where(ServiceChange.approved_at.is_not(None))
    told = and_(entry.subject.in_(approved), entry.type.not_in(BEFORE_APPROVAL))
    return or_(not_(of_changes), told, entry.subject.in_(select(ServiceChange.id).where(unapproved_shown_to(by))))
