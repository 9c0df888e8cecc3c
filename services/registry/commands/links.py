"""Linking networks: proposed by the editors of one, confirmed by those of the other; staff link at once.

Each link is an aggregate of its own, keyed by its id, because it concerns two networks alike.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.access import editors_of, edits
from services.registry.commands.link_headlines import phrase, told_to_both, told_to_editors
from services.registry.commands.link_rules import LinksToItself, hold_the_rules, ordered, require_allowed
from services.registry.commands.networks import NoSuchNetwork
from services.registry.tables import Link, Network
from shared import clock
from shared.announcement import Announcement
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts import Contract
from shared.contracts.registry import LINK_CHANGED, LINK_DROPPED, LINK_ENDED, LINK_MADE, LINK_PROPOSED, LinkState
from shared.envelope import new_id
from shared.errors import Conflict, Forbidden, NotFound, Unprocessable
from shared.outbox import Change, change, publish


class NoSuchLink(NotFound):
    """There is no such link; the Links page of a network lists its links."""


class ArchivedNetwork(Conflict):
    """An archived network can only be succeeded; choose a network that is on the register."""


class WhichPathway(Unprocessable):
    """Say for which condition or care group the two networks share a pathway."""


class NotAPathway(Unprocessable):
    """A care group belongs only to a shared pathway; leave it out, or choose "shares a pathway with"."""


class NotProposed(Conflict):
    """This link is not waiting for an answer."""


class TheirAnswer(Forbidden):
    """Your network proposed this link; the editors of the other network, or staff, confirm it."""


class LinkOver(Conflict):
    """This link is over and can no longer be changed; add a new one instead."""


class NotAnEndYet(Unprocessable):
    """A link ends today or on an earlier day, not before it began; end it on the day, or choose a later first day."""


class NothingToEnd(Conflict):
    """This link is only proposed; decline or withdraw it instead."""


async def add_link(
    session: AsyncSession, *, network_id: str, kind: str, other_id: str, care_group: str = "",
    since: date | None = None, note: str = "", by: Principal, reason: str = "", minor: bool = False,
    announced: bool = True,
) -> Link:  # fmt: skip
    """Link two networks, or propose it where *by* speaks for one of them alone.

    *kind* may be said from either end. Not *announced*: another message of the same change tells it.

    Raises NoSuchNetwork, LinksToItself, ArchivedNetwork, WhichPathway,
    NotAPathway, LinkedAlready, GoesInACircle.
    """
    if network_id == other_id:
        raise LinksToItself
    kind, left, right = ordered(kind, network_id, other_id)
    a, b = await _ends(session, left, right, lock=True)
    _require_on_register(kind, a, b)
    await hold_the_rules(session)
    agreed = by.is_staff or await edits(session, by.person_id, other_id)
    moment, group = clock.now(), _pathway(kind, care_group, a, b)
    link = Link(
        id=new_id(), revision=1, kind=kind, network_id=left, other_id=right, care_group=group,
        since=since or clock.today(), until=None, note=note, status="confirmed" if agreed else "proposed",
        proposed_by="" if agreed else network_id, created_at=moment, updated_at=moment,
    )  # fmt: skip
    await require_allowed(session, link, a, b)
    session.add(link)
    told = await _told_of_new(session, link, a, b) if announced else None
    contract = LINK_MADE if agreed else LINK_PROPOSED
    await publish(session, said(contract, link, None, told, by=by, reason=reason, minor=minor and agreed))
    return link


async def change_link(
    session: AsyncSession, *, link_id: str, fields: dict[str, Any], by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False, announced: bool = True,
) -> Link:  # fmt: skip
    """Change the note or the first day of a link, or end it with `until` as its last day.

    Not *announced*: another message of the same change tells it.

    Raises NoSuchLink, ChangedMeanwhile, LinkOver, NotAnEndYet, NothingToEnd.
    """
    link = await locked_link(session, link_id, expected)
    if link.status not in ("proposed", "confirmed"):
        raise LinkOver
    changed = {name: value for name, value in fields.items() if getattr(link, name) != value}
    if not changed:
        return link
    before = state_of(link).model_dump(mode="json")
    for name, value in changed.items():
        setattr(link, name, value)
    ends = link.until is not None
    if ends:
        _end(link)
    touch(link)
    told = await _told_of_change(session, link) if announced and link.status != "proposed" else None
    contract = LINK_ENDED if ends else LINK_CHANGED
    await publish(session, said(contract, link, before, told, by=by, reason=reason, minor=minor))
    return link


async def confirm_link(
    session: AsyncSession, *, link_id: str, by: Principal, expected: int | None = None, reason: str = "",
    minor: bool = False,
) -> Link:  # fmt: skip
    """Agree to a proposed link. Raises NoSuchLink, ChangedMeanwhile, NotProposed, TheirAnswer."""
    link = await _waiting(session, link_id, expected)
    if not by.is_staff and not await edits(session, by.person_id, _asked(link)):
        raise TheirAnswer
    before = state_of(link).model_dump(mode="json")
    link.status = "confirmed"
    touch(link)
    a, b = await _ends(session, link.network_id, link.other_id)
    told = told_to_both(link, a, b, phrase(link, a, b))
    await publish(session, said(LINK_MADE, link, before, told, by=by, reason=reason, minor=minor))
    return link


async def drop_link(
    session: AsyncSession, *, link_id: str, by: Principal, expected: int | None = None, reason: str = "",
    minor: bool = False,
) -> Link:  # fmt: skip
    """Decline a proposed link, or withdraw it where *by* speaks for the network that proposed it.

    The editors of the other side are told. Raises NoSuchLink, ChangedMeanwhile, NotProposed.
    """
    link = await _waiting(session, link_id, expected)
    withdrawn = not by.is_staff and not await edits(session, by.person_id, _asked(link))
    before = state_of(link).model_dump(mode="json")
    link.status = "withdrawn" if withdrawn else "declined"
    touch(link)
    a, b = await _ends(session, link.network_id, link.other_id)
    told_side = _asked(link) if withdrawn else link.proposed_by
    told = told_to_editors(
        link, f"{link.status.capitalize()}: {phrase(link, a, b)}", await editors_of(session, told_side)
    )
    await publish(session, said(LINK_DROPPED, link, before, told, by=by, reason=reason, minor=minor))
    return link


async def locked_link(session: AsyncSession, link_id: str, expected: int | None = None) -> Link:
    """The link, its row locked until the transaction ends. Raises NoSuchLink, ChangedMeanwhile."""
    link = await session.get(Link, link_id, with_for_update=True)
    if link is None:
        raise NoSuchLink
    require_revision(expected, link.revision)
    return link


def state_of(link: Link) -> LinkState:
    """The public state of a link's row."""
    return LinkState.model_validate(link, from_attributes=True)


def touch(link: Link) -> None:
    """A new revision."""
    link.revision += 1
    link.updated_at = clock.now()


def said(
    contract: Contract, link: Link, before: dict[str, Any] | None, told: Announcement | None, *, by: Principal,
    reason: str = "", minor: bool = False,
) -> Change:  # fmt: skip
    """The message that a link came about, changed or ended."""
    return change(
        contract, state_of(link), key=link.id, before=before, announcement=told,
        actor=by.person_id, reason=reason, minor=minor,
    )  # fmt: skip


async def _ends(session: AsyncSession, left: str, right: str, *, lock: bool = False) -> tuple[Network, Network]:
    """The networks at both ends; locked, they stay as they are until the transaction ends. Raises NoSuchNetwork."""
    query = select(Network).where(Network.id.in_((left, right))).order_by(Network.id)
    found = (await session.execute(query.with_for_update(read=True) if lock else query)).scalars()
    by_id = {network.id: network for network in found}
    if left not in by_id or right not in by_id:
        raise NoSuchNetwork
    return by_id[left], by_id[right]


def _require_on_register(kind: str, a: Network, b: Network) -> None:
    if a.archived or (b.archived and kind != "succeeds"):
        raise ArchivedNetwork


def _pathway(kind: str, care_group: str, a: Network, b: Network) -> str:
    if kind != "shares_pathway_with":
        if care_group:
            raise NotAPathway
        return ""
    shared = a.care_group if a.care_group == b.care_group else ""
    if not (care_group or shared):
        raise WhichPathway
    return care_group or shared


def _end(link: Link) -> None:
    if link.status == "proposed":
        raise NothingToEnd
    if link.until is None or not link.since <= link.until <= clock.today():
        raise NotAnEndYet
    link.status = "ended"


async def _waiting(session: AsyncSession, link_id: str, expected: int | None) -> Link:
    link = await locked_link(session, link_id, expected)
    if link.status != "proposed":
        raise NotProposed
    return link


def _asked(link: Link) -> str:
    """The network whose answer a proposed link waits for."""
    return link.other_id if link.proposed_by == link.network_id else link.network_id


async def _told_of_new(session: AsyncSession, link: Link, a: Network, b: Network) -> Announcement:
    if link.status == "confirmed":
        return told_to_both(link, a, b, phrase(link, a, b))
    headline = f"A link waits for your answer: {phrase(link, a, b)}"
    return told_to_editors(link, headline, await editors_of(session, _asked(link)))


async def _told_of_change(session: AsyncSession, link: Link) -> Announcement:
    a, b = await _ends(session, link.network_id, link.other_id)
    if link.status == "ended":
        return told_to_both(link, a, b, phrase(link, a, b, ended=True))
    return told_to_both(link, a, b, f"Particulars changed: {phrase(link, a, b)}", significance="minor")
