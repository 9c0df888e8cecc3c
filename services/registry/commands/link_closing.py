"""Ending the links of a network that leaves the register, and opening them again when it comes back.

Each is said and none is announced: that the network left, or came back, is the news. What succeeded what is history
and stays.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.link_moves import end
from services.registry.commands.link_rules import closes_a_circle, hold_the_rules, same_link
from services.registry.commands.links import said, state_of, touch
from services.registry.tables import OPEN, Link, Network
from shared.auth import ANYBODY, Principal
from shared.contracts.registry import LINK_DROPPED, LINK_ENDED, LINK_REOPENED
from shared.outbox import Change, publish


async def close_links(session: AsyncSession, network: Network, *, by: Principal, reason: str = "") -> None:
    """End the links of *network* and withdraw what is only proposed; remember which it ended. Lock it before."""
    await hold_the_rules(session)
    query = select(Link).where(_touching(network), _is_open()).order_by(Link.id)
    why = f"{network.name} was taken off the register. {reason}".strip()
    links = (await session.execute(query.with_for_update())).scalars()
    await publish(session, *[_closed(link, network, by, why) for link in links])


async def close_forgotten_links(session: AsyncSession) -> None:
    """End the links of networks that left the register when links did not yet end with them."""
    forgotten = exists().where(_is_open(), or_(Link.network_id == Network.id, Link.other_id == Network.id))
    left = select(Network).where(Network.archived.is_(True), forgotten).order_by(Network.id).with_for_update()
    for network in (await session.execute(left)).scalars().all():
        await close_links(session, network, by=ANYBODY)


def _is_open() -> ColumnElement[bool]:
    return Link.status.in_(OPEN) & (Link.kind != "succeeds")


def _closed(link: Link, network: Network, by: Principal, reason: str) -> Change:
    before, contract = state_of(link).model_dump(mode="json"), LINK_ENDED
    if link.status == "proposed":
        contract = LINK_DROPPED
    else:
        link.ended_with = network.id
    end(link)
    touch(link)
    return said(contract, link, before, None, by=by, reason=reason)


async def reopen_links(session: AsyncSession, network: Network, *, by: Principal, reason: str = "") -> None:
    """Let the links that ended with *network* hold again; one whose other end is archived waits for that to come back.

    A link that was made anew meanwhile, or would close a circle now, stays over. Lock the network before.
    """
    why = f"{network.name} is on the register again. {reason}".strip()
    ended_with = _touching(network) & (Link.ended_with == network.id)
    await hold_again(session, network, ended_with, by=by, reason=why)


async def hold_again(
    session: AsyncSession, network: Network, which: ColumnElement[bool], *, by: Principal, reason: str
) -> None:
    """Let those of the links that *which* names hold again, if they ended and still can. Lock *network* before."""
    await hold_the_rules(session)
    query = select(Link).where(which, Link.status == "ended").order_by(Link.id).with_for_update()
    for link in (await session.execute(query)).scalars().all():
        other = await session.get(Network, link.other_id if link.network_id == network.id else link.network_id)
        if other is not None and other.archived:
            link.ended_with = other.id
        elif not await held_again(session, link, by=by, reason=reason):
            link.ended_with = ""


async def held_again(session: AsyncSession, link: Link, *, by: Principal, reason: str) -> bool:
    """Whether a link that ended holds again: not where it was made anew meanwhile, or would close a circle now."""
    if await same_link(session, link) is not None or await closes_a_circle(session, link):
        return False
    await publish(session, _reopened(link, by, reason))
    await session.flush()
    return True


def _reopened(link: Link, by: Principal, reason: str) -> Change:
    before = state_of(link).model_dump(mode="json")
    link.status, link.until, link.ended_with = "confirmed", None, ""
    touch(link)
    return said(LINK_REOPENED, link, before, None, by=by, reason=reason)


def _touching(network: Network) -> ColumnElement[bool]:
    return or_(Link.network_id == network.id, Link.other_id == network.id)
