"""Taking a network off the register, and putting it back. Its record and history stay readable; its links end with
it and hold again when it comes back."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.link_closing import close_links, reopen_links
from services.registry.commands.networks import (
    before_change,
    locked,
    locked_to_change,
    require_free_name,
    said,
    touch,
)
from services.registry.tables import Network
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.registry import NETWORK_ARCHIVED, NETWORK_RESTORED
from shared.errors import Conflict
from shared.outbox import publish


class NotArchived(Conflict):
    """The network is on the register; there is nothing to restore."""


class PartOfAnother(Conflict):
    """The network became part of another and its members went there; undo the merge to have two networks again."""


async def archive_network(
    session: AsyncSession, *, network_id: str, by: Principal, expected: int | None = None, reason: str = "",
    minor: bool = False, announced: bool = True,
) -> Network:  # fmt: skip
    """Take a network off the register. Raises NoSuchNetwork, ChangedMeanwhile, AlreadyArchived.

    Not *announced*: another message of the same change tells it.
    """
    network = await locked_to_change(session, network_id, expected)
    before = before_change(network)
    network.archived = True
    touch(network)
    headline = f"{network.name} was taken off the register"
    told = said(
        NETWORK_ARCHIVED, network, headline=headline, before=before, by=by, reason=reason, minor=minor,
        announced=announced,
    )  # fmt: skip
    await publish(session, told)
    await close_links(session, network, by=by, reason=reason)
    return network


async def restore_network(
    session: AsyncSession, *, network_id: str, by: Principal, expected: int | None = None, reason: str = "",
    minor: bool = False, announced: bool = True,
) -> Network:  # fmt: skip
    """Put an archived network back. Raises NoSuchNetwork, ChangedMeanwhile, NotArchived, PartOfAnother, NameTaken."""
    network = await locked(session, network_id)
    require_revision(expected, network.revision)
    if not network.archived:
        raise NotArchived
    if network.merged_into:
        raise PartOfAnother
    await require_free_name(session, network.name, own=network.id)
    before = before_change(network)
    network.archived = False
    touch(network)
    headline = f"{network.name} is on the register again"
    told = said(
        NETWORK_RESTORED, network, headline=headline, before=before, by=by, reason=reason, minor=minor,
        announced=announced,
    )  # fmt: skip
    await publish(session, told)
    await reopen_links(session, network, by=by, reason=reason)
    return network
