"""Changing a network's record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.bodies import require_bodies
from services.registry.commands.naming import folded, free_slug
from services.registry.tables import Cover, Network
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts import Contract
from shared.contracts.registry import NETWORK_ARCHIVED, NETWORK_CHANGED, NETWORK_CREATED, NetworkState
from shared.envelope import new_id
from shared.errors import Conflict, NotFound
from shared.outbox import Change, change, publish

LABELS = {
    "name": "name", "aliases": "other names", "care_group": "care group", "bodies": "oversight bodies",
    "host": "host organisation", "population": "population served", "web": "web address", "email": "e-mail address",
    "started_on": "start date",
}  # fmt: skip


class NoSuchNetwork(NotFound):
    """There is no network at this address; search the directory for its name."""


class NameTaken(Conflict):
    """A network of this name is on the register already; change that one, or choose a name that tells them apart."""


class AlreadyArchived(Conflict):
    """The network is archived and can no longer be changed."""


async def create_network(
    session: AsyncSession, *, fields: dict[str, Any], by: Principal, reason: str = "", minor: bool = False
) -> Network:
    """Put a network on the register. Raises NameTaken, UnknownBody."""
    await require_bodies(session, fields.get("bodies", []))
    if await _named(session, fields["name"]):
        raise NameTaken
    network = new_network(fields, slug=await free_slug(session, fields["name"]))
    session.add(network)
    await _cover(session, network)
    headline = f"New network: {network.name}"
    await publish(session, said(NETWORK_CREATED, network, headline=headline, by=by, reason=reason, minor=minor))
    return network


async def change_network(
    session: AsyncSession, *, network_id: str, fields: dict[str, Any], by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Network:  # fmt: skip
    """Change some fields of a network. Raises NoSuchNetwork, ChangedMeanwhile, AlreadyArchived, UnknownBody.

    Nothing is recorded when every field has the value already.
    """
    network = await locked(session, network_id)
    require_revision(expected, network.revision)
    if network.archived:
        raise AlreadyArchived
    await require_bodies(session, fields.get("bodies", []))
    before = state_of(network).model_dump(mode="json")
    changed = [name for name, value in fields.items() if getattr(network, name) != value]
    if not changed:
        return network
    for name in changed:
        setattr(network, name, fields[name])
    _touch(network)
    if "bodies" in changed:
        await _cover(session, network)
    headline = _change_headline(network, changed)
    said_ = said(NETWORK_CHANGED, network, headline=headline, before=before, by=by, reason=reason, minor=minor)
    await publish(session, said_)
    return network


async def archive_network(
    session: AsyncSession, *, network_id: str, by: Principal, expected: int | None = None, reason: str = ""
) -> Network:
    """Take a network off the register; its record and history stay readable. Raises NoSuchNetwork, AlreadyArchived."""
    network = await locked(session, network_id)
    require_revision(expected, network.revision)
    if network.archived:
        raise AlreadyArchived
    before = state_of(network).model_dump(mode="json")
    network.archived = True
    _touch(network)
    headline = f"{network.name} was archived"
    await publish(session, said(NETWORK_ARCHIVED, network, headline=headline, before=before, by=by, reason=reason))
    return network


async def locked(session: AsyncSession, network_id: str) -> Network:
    """The network, its row locked until the transaction ends: its messages then keep the order of its revisions."""
    network = await session.get(Network, network_id, with_for_update=True)
    if network is None:
        raise NoSuchNetwork
    return network


def new_network(fields: dict[str, Any], *, slug: str) -> Network:
    """A network's row from the fields given; the others are empty."""
    empty: dict[str, Any] = {
        "aliases": [], "level": "local", "purpose": "clinical", "side": "provider", "bodies": [], "host": "",
        "population": None, "web": "", "email": "", "aims": "", "started_on": None, "stage": "informal",
    }  # fmt: skip
    moment = clock.now()
    network = Network(
        id=new_id(), revision=0, slug=slug, archived=False, created_at=moment, updated_at=moment, **{**empty, **fields}
    )
    _touch(network)
    return network


def said(
    contract: Contract, network: Network, *, headline: str, by: Principal,
    before: dict[str, Any] | None = None, reason: str = "", minor: bool = False,
) -> Change:  # fmt: skip
    """The message that *network* changed, told to its own people, its bodies and its care group."""
    concerns = Concerns(networks=(network.id,), bodies=tuple(network.bodies), care_groups=(network.care_group,))
    announcement = Announcement(
        headline=headline[:300], category="governance", path=f"/networks/{network.slug}", concerns=concerns
    )
    return change(
        contract, state_of(network), key=network.id, before=before, announcement=announcement,
        actor=by.person_id, reason=reason, minor=minor,
    )  # fmt: skip


def state_of(network: Network) -> NetworkState:
    """The public state of a network's row."""
    return NetworkState.model_validate(network, from_attributes=True)


def _touch(network: Network) -> None:
    """A new revision of the record, with what is derived from its fields."""
    network.revision += 1
    network.updated_at = clock.now()
    network.sort_name = folded(network.name)
    words = [network.name, *network.aliases, network.care_group, network.aims]
    network.search_text = folded(" ".join(words))


async def _cover(session: AsyncSession, network: Network) -> None:
    await session.flush()
    await session.execute(delete(Cover).where(Cover.network_id == network.id))
    session.add_all(Cover(network_id=network.id, body=body) for body in dict.fromkeys(network.bodies))


async def _named(session: AsyncSession, name: str) -> bool:
    query = select(func.count()).where(Network.sort_name == folded(name), Network.archived.is_(False))
    return bool((await session.execute(query)).scalar_one())


def _change_headline(network: Network, changed: list[str]) -> str:
    names = [LABELS.get(name, name) for name in changed]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    if changed == ["stage"]:
        return f"{network.name} is now {network.stage}"
    return f"{network.name}: {listed} changed"
