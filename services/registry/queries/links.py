"""Reading links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.access import edited_by, edits
from services.registry.commands.link_rules import turned
from services.registry.commands.links import NoSuchLink
from services.registry.schemas.links import Link, Linked
from services.registry.tables import Link as LinkRow
from services.registry.tables import Network
from shared.auth import Principal
from shared.db import is_among, listed, total_of
from shared.made import Made


def _linked(dialect: str) -> Select[Any]:
    ends = select(*(Network.__table__.c[name] for name in Linked.model_fields))
    return ends.where(is_among(dialect, Network.__table__.c.id, "ids"))


_LINKED = Made(_linked)
SEEN_BY_ALL = ("confirmed", "ended")
"""What is only proposed, or came to nothing, is between the two networks and the staff."""


async def link_at(session: AsyncSession, link_id: str, by: Principal) -> LinkRow:
    """The link. Raises NoSuchLink, also where *by* may not see it."""
    link = await session.get(LinkRow, link_id)
    if link is None:
        raise NoSuchLink
    hidden = link.status not in SEEN_BY_ALL and not by.is_staff
    if hidden and not await edits(session, by.person_id, link.network_id, link.other_id):
        raise NoSuchLink
    return link


async def links_page(
    session: AsyncSession, network_id: str, *, kind: str, status: str, by: Principal, limit: int, cursor: str | None
) -> tuple[list[Link], str | None, int]:
    """A page of one network's links, the newest first: (links, the next cursor, how many match in all)."""
    conditions: list[ColumnElement[bool]] = [or_(LinkRow.network_id == network_id, LinkRow.other_id == network_id)]
    if not by.is_staff:
        mine = edited_by(by.person_id)
        theirs = LinkRow.network_id.in_(mine) | LinkRow.other_id.in_(mine)
        conditions.append(LinkRow.status.in_(SEEN_BY_ALL) | theirs)
    if kind:
        conditions.append(LinkRow.kind == kind)
    if status:
        conditions.append(LinkRow.status == status)
    query = select(LinkRow).where(*conditions, *([LinkRow.id < cursor] if cursor else []))
    rows = list((await session.execute(query.order_by(LinkRow.id.desc()).limit(limit + 1))).scalars())
    total = await total_of(session, LinkRow, conditions, rows, limit=limit, first=not cursor)
    following = rows[limit - 1].id if len(rows) > limit else None
    return await links_shown(session, rows[:limit], seen_from=network_id), following, total


async def links_shown(session: AsyncSession, links: Sequence[LinkRow], *, seen_from: str = "") -> list[Link]:
    """Links with their networks, as the API shows them; `relation` is said from *seen_from*, else from the left."""
    ends = await linked(session, [end for link in links for end in (link.network_id, link.other_id)])
    return [_shown(link, ends, seen_from) for link in links]


async def linked(session: AsyncSession, network_ids: Sequence[str]) -> dict[str, Linked]:
    """Network id → what is shown of a network at the end of a link."""
    rows = await _LINKED.rows(session, {"ids": listed(session, set(network_ids))})
    return {row.id: Linked.model_validate(row, from_attributes=True) for row in rows}


def _shown(link: LinkRow, ends: dict[str, Linked], seen_from: str) -> Link:
    columns = {
        c.key: getattr(link, c.key) for c in LinkRow.__table__.columns if c.key not in ("network_id", "other_id")
    }
    relation = turned(link.kind) if seen_from == link.other_id else link.kind
    return Link(**columns, relation=relation, network=ends[link.network_id], other=ends[link.other_id])
