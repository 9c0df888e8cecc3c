"""Taking a merge back: both networks stand as they stood, but for what was changed since.

What others have of them goes back because they hear of the parting, and that message alone is announced.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.challenge_moves import move_challenges, reopen_challenges
from services.registry.commands.link_closing import hold_again
from services.registry.commands.link_moves import move_links
from services.registry.commands.merging import both_locked
from services.registry.commands.networks import (
    NoSuchNetwork,
    before_change,
    cover,
    require_free_name,
    revised,
    said,
)
from services.registry.commands.service_change_moves import move_service_changes
from services.registry.commands.succession import succession
from services.registry.tables import Link, Merge, Network
from services.registry.wording import folded
from shared import clock
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.registry import NETWORK_CHANGED, NETWORK_RESTORED
from shared.errors import Conflict
from shared.outbox import Change, publish

UNDONE_WITHIN = timedelta(days=30)
"""As long as everybody can count on; to the second."""


class NotMerged(Conflict):
    """The network is no part of another; there is nothing to undo."""


class MergedTooLongAgo(Conflict):
    """A merge can be undone for 30 days; this one is older. Split the other network to have two again."""


class WholeIsGone(Conflict):
    """The network that it became part of left the register meanwhile; put that one back first."""


async def undo_merge(
    session: AsyncSession, *, network_id: str, by: Principal, expected: int | None = None, reason: str = "",
    minor: bool = False,
) -> Network:  # fmt: skip
    """Let a network that became part of another be one of its own again; returns it.

    Raises NoSuchNetwork, ChangedMeanwhile, NotMerged, MergedTooLongAgo, WholeIsGone, NameTaken.
    """
    source, target = await _merged_locked(session, network_id)
    require_revision(expected, source.revision)
    merge = await _merge_of(session, source, target)
    await require_free_name(session, source.name, own=source.id)
    told = f"{source.name} is a network of its own again, no longer part of {target.name}"
    why = f"{told}. {reason}".strip()
    changes = [_back(source, told, why, by, minor), *await _without(session, target, merge, told, why, by, minor)]
    parted = succession("parting", source, target, headline=told, by=by, reason=reason, minor=minor)
    merge.undone_at = clock.now()
    await publish(session, *changes, parted)
    await _return(session, source, merge, by=by, reason=why)
    return source


async def _merged_locked(session: AsyncSession, network_id: str) -> tuple[Network, Network]:
    """The network, and the one that it is part of, both locked."""
    seen = await session.get(Network, network_id)
    if seen is None:
        raise NoSuchNetwork
    if not seen.merged_into:
        raise NotMerged
    source, target = await both_locked(session, seen.id, seen.merged_into)
    if source.merged_into != target.id:  # somebody was quicker
        raise NotMerged
    if target.archived:
        raise WholeIsGone
    return source, target


async def _merge_of(session: AsyncSession, source: Network, target: Network) -> Merge:
    merge = await last_merge(session, source.id, target.id)
    if merge is None or merge.merged_at <= clock.now() - UNDONE_WITHIN:
        raise MergedTooLongAgo
    return merge


async def last_merge(session: AsyncSession, source_id: str, target_id: str) -> Merge | None:
    """The merge that stands of the two; None where it is older than what is kept of merges."""
    query = select(Merge).where(Merge.source_id == source_id, Merge.target_id == target_id, Merge.undone_at.is_(None))
    return (await session.execute(query.order_by(Merge.merged_at.desc()).limit(1))).scalar_one_or_none()


def _back(source: Network, headline: str, reason: str, by: Principal, minor: bool) -> Change:
    before = before_change(source)
    revised(source, {"archived": False, "merged_into": ""})
    return said(
        NETWORK_RESTORED, source, headline=headline, before=before, by=by, reason=reason, minor=minor, announced=False
    )


async def _without(
    session: AsyncSession, target: Network, merge: Merge, headline: str, reason: str, by: Principal, minor: bool
) -> list[Change]:
    """The network that goes on, without the names and areas that it took over."""
    before, names = before_change(target), {folded(name) for name in merge.aliases}
    fields = {
        "aliases": [name for name in target.aliases if folded(name) not in names],
        "bodies": [body for body in target.bodies if body not in merge.bodies],
    }
    if all(before[name] == value for name, value in fields.items()):
        return []
    revised(target, fields)
    await cover(session, target)
    return [
        said(
            NETWORK_CHANGED, target, headline=headline, before=before, by=by, reason=reason, minor=minor,
            announced=False,
        )
    ]  # fmt: skip


async def _return(session: AsyncSession, source: Network, merge: Merge, *, by: Principal, reason: str) -> None:
    """Move back what moved, and let go on what ended because the two were one."""
    moved = (
        (move_links, merge.links), (move_challenges, merge.challenges), (move_service_changes, merge.service_changes),
    )  # fmt: skip
    for move, ids in moved:
        await move(session, from_=merge.target_id, to=source.id, by=by, reason=reason, only=ids)
    await hold_again(session, source, Link.id.in_(merge.ended_links), by=by, reason=reason)
    await reopen_challenges(session, merge.ended_challenges, by=by, reason=reason)
