"""Making one network of two.

The network that goes is archived and says which one it is part of now. What others have of it (members, follows,
gatherings) goes over because they hear of the succession, and that message alone is announced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.challenge_moves import move_challenges
from services.registry.commands.challenge_replies import GOING_ON
from services.registry.commands.link_moves import move_links
from services.registry.commands.networks import AlreadyArchived, before_change, cover, locked, said, touch
from services.registry.commands.renaming import with_names
from services.registry.commands.service_change_moves import move_service_changes
from services.registry.commands.succession import succession
from services.registry.tables import OPEN, Merge, Network
from shared import clock
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.registry import NETWORK_ARCHIVED, NETWORK_CHANGED
from shared.errors import Unprocessable
from shared.outbox import Change, publish


class SameNetwork(Unprocessable):
    """A network cannot become part of itself; choose another one."""


async def merge_networks(
    session: AsyncSession, *, source_id: str, target_id: str, roles: str, keep_names: bool, keep_bodies: bool,
    by: Principal, expected: int | None = None, reason: str = "", minor: bool = False,
) -> Network:  # fmt: skip
    """Make the network *source_id* part of *target_id*; returns the latter.

    *roles* is how leading roles come (see SuccessionState). With *keep_names* the latter is found by the names of the
    one that goes, with *keep_bodies* it covers its areas too. *expected* is the revision of the one that goes.
    Raises SameNetwork, NoSuchNetwork, ChangedMeanwhile, AlreadyArchived, TooManyNames.
    """
    source, target = await both_locked(session, source_id, target_id)
    require_revision(expected, source.revision)
    for network in (source, target):
        if network.archived:
            raise AlreadyArchived(f"{network.name} is archived; restore it first.")
    told = f"{source.name} is now part of {target.name}"
    why = f"{told}. {reason}".strip()
    recorded: dict[str, Any] = {"headline": told, "by": by, "reason": why, "minor": minor}
    changes = [_gone(source, target, recorded)]
    changes += await _grown(session, source, target, keep_names, keep_bodies, recorded)
    merged = succession("merge", source, target, roles=roles, headline=told, by=by, reason=reason, minor=minor)
    await publish(session, *changes, merged)
    links, challenges, others = [
        await move(session, from_=source.id, to=target.id, by=by, reason=why)
        for move in (move_links, move_challenges, move_service_changes)
    ]
    session.add(Merge(
        id=merged.envelope.id, source_id=source.id, target_id=target.id, merged_at=clock.now(), undone_at=None,
        **_taken_over(changes), links=[link.id for link in links if link.status in OPEN],
        ended_links=[link.id for link in links if link.status == "ended"],
        challenges=[one.id for one in challenges if one.status in GOING_ON],
        ended_challenges=[one.id for one in challenges if one.status not in GOING_ON],
        service_changes=[one.id for one in others],
    ))  # fmt: skip
    return target


def _taken_over(changes: Sequence[Change]) -> dict[str, list[str]]:
    """The names and areas that the target has by *changes* and had not before."""
    changed = changes[1].envelope.data["changes"] if len(changes) > 1 else {}  # type: ignore[index]
    pairs = {name: changed.get(name, ([], [])) for name in ("aliases", "bodies")}
    return {name: [one for one in after if one not in before] for name, (before, after) in pairs.items()}


async def both_locked(session: AsyncSession, source_id: str, target_id: str) -> tuple[Network, Network]:
    """Both networks, locked in the order of their ids: two merges that cross wait for one another."""
    if source_id == target_id:
        raise SameNetwork
    found = {network_id: await locked(session, network_id) for network_id in sorted((source_id, target_id))}
    return found[source_id], found[target_id]


def _gone(source: Network, target: Network, recorded: dict[str, Any]) -> Change:
    before = before_change(source)
    source.archived, source.merged_into = True, target.id
    touch(source)
    return said(NETWORK_ARCHIVED, source, before=before, announced=False, **recorded)


async def _grown(
    session: AsyncSession, source: Network, target: Network, keep_names: bool, keep_bodies: bool,
    recorded: dict[str, Any],
) -> list[Change]:  # fmt: skip
    before = before_change(target)
    if keep_names:
        target.aliases = with_names(target.aliases, [source.name, *source.aliases], but=target.name)
    if keep_bodies:
        target.bodies = list(dict.fromkeys([*target.bodies, *source.bodies]))
    if before_change(target) == before:
        return []
    touch(target)
    await cover(session, target)
    return [said(NETWORK_CHANGED, target, before=before, announced=False, **recorded)]
