"""Moving the links of one network to another, as a merger or a split needs it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.link_rules import closes_a_circle, hold_the_rules, ordered, same_link
from services.registry.commands.links import said, state_of, touch
from services.registry.tables import OPEN, Link
from shared import clock
from shared.auth import Principal
from shared.contracts.registry import LINK_DROPPED, LINK_ENDED, LINK_MOVED
from shared.outbox import Change, publish


async def move_links(
    session: AsyncSession, *, from_: str, to: str, by: Principal, reason: str = "", only: Collection[str] | None = None
) -> list[Link]:
    """Let *to* stand where *from_* stood in its open links, or in those of them whose ids are *only*; returns them all.

    A link that would lead to itself, say twice what another says, or close a circle ends instead. What succeeded what
    is history and stays. Each is said and none is announced: the merger or the split is the news. Lock both networks
    before; call once for each network.
    """
    await hold_the_rules(session)
    touching = or_(Link.network_id == from_, Link.other_id == from_)
    query = select(Link).where(touching, Link.status.in_(OPEN), Link.kind != "succeeds").order_by(Link.id)
    if only is not None:
        query = query.where(Link.id.in_(only))
    links = list((await session.execute(query.with_for_update())).scalars())
    changes = [await _moved(session, link, from_, to, by, reason) for link in links]
    await publish(session, *changes)
    return links


async def _moved(session: AsyncSession, link: Link, from_: str, to: str, by: Principal, reason: str) -> Change:
    before = state_of(link).model_dump(mode="json")
    if await _is_needless(session, link, from_, to):
        contract = LINK_DROPPED if link.status == "proposed" else LINK_ENDED
        end(link)
    else:
        contract = LINK_MOVED
        _, link.network_id, link.other_id = ordered(link.kind, *_replaced(link, from_, to))
        link.proposed_by = to if link.proposed_by == from_ else link.proposed_by
    touch(link)
    await session.flush()
    return said(contract, link, before, None, by=by, reason=reason)


async def _is_needless(session: AsyncSession, link: Link, from_: str, to: str) -> bool:
    left, right = _replaced(link, from_, to)
    if left == right:
        return True
    values: dict[str, Any] = {column.key: getattr(link, column.key) for column in Link.__table__.columns}
    _, left, right = ordered(link.kind, left, right)
    moved = Link(**{**values, "network_id": left, "other_id": right})
    return await same_link(session, moved) is not None or await closes_a_circle(session, moved)


def _replaced(link: Link, from_: str, to: str) -> tuple[str, str]:
    return (to if link.network_id == from_ else link.network_id), (to if link.other_id == from_ else link.other_id)


def end(link: Link) -> None:
    """Let an open link be over today: ended, or withdrawn where it is only proposed."""
    if link.status == "proposed":
        link.status = "withdrawn"
    else:
        link.status, link.until = "ended", max(link.since, clock.today())
