"""Changing a network's record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.beginning import require_beginning
from services.registry.commands.bodies import require_bodies
from services.registry.commands.naming import free_slug, words_of
from services.registry.searching import SEARCHED, searched_words
from services.registry.tables import Cover, Network
from services.registry.wording import folded
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts import Contract
from shared.contracts.registry import NETWORK_CHANGED, NETWORK_CREATED, NetworkState
from shared.envelope import new_id
from shared.errors import Conflict, NotFound, Unprocessable
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


class StageMovesByItself(Unprocessable):
    """The stage is not changed with the record: POST /api/networks/{id}/stage with {"to": "…"}, which has its gates."""


class AlreadyArchived(Conflict):
    """The network is archived and can no longer be changed; restore it first."""


async def create_network(
    session: AsyncSession, *, fields: dict[str, Any], by: Principal, reason: str = "", minor: bool = False
) -> Network:
    """Put a network on the register. Raises BeginsEarlier, NameTaken, UnknownBody."""
    await require_beginning(session, fields)
    network = await add_network(session, fields)
    headline = f"New network: {network.name}"
    await publish(session, said(NETWORK_CREATED, network, headline=headline, by=by, reason=reason, minor=minor))
    return network


async def add_network(session: AsyncSession, fields: dict[str, Any]) -> Network:
    """The row of a network that is new on the register; the caller says so. Raises NameTaken, UnknownBody."""
    await require_bodies(session, fields.get("bodies", []))
    await require_free_name(session, fields["name"])
    network = new_network(fields, slug=await free_slug(session, fields["name"]))
    session.add(network)
    await cover(session, network)
    return network


async def change_network(
    session: AsyncSession, *, network_id: str, fields: dict[str, Any], by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Network:  # fmt: skip
    """Change some fields of a network.

    Raises NoSuchNetwork, ChangedMeanwhile, AlreadyArchived, UnknownBody, NameTaken, StageMovesByItself.

    Nothing is recorded when every field has the value already.
    """
    network = await locked_to_change(session, network_id, expected)
    await require_bodies(session, fields.get("bodies", []))
    if fields.get("name", network.name) != network.name:
        await require_free_name(session, fields["name"], own=network.id)
    before = before_change(network)
    changed = [name for name, value in fields.items() if getattr(network, name) != value]
    if not changed:
        return network
    if "stage" in changed:
        raise StageMovesByItself
    revised(network, {name: fields[name] for name in changed})
    if "bodies" in changed:
        await cover(session, network)
    headline = _change_headline(network, changed)
    said_ = said(NETWORK_CHANGED, network, headline=headline, before=before, by=by, reason=reason, minor=minor)
    await publish(session, said_)
    return network


async def locked_to_change(session: AsyncSession, network_id: str, expected: int | None) -> Network:
    """The network, locked, as the caller read it. Raises NoSuchNetwork, ChangedMeanwhile, AlreadyArchived."""
    network = await locked(session, network_id)
    require_revision(expected, network.revision)
    if network.archived:
        raise AlreadyArchived
    return network


async def locked(session: AsyncSession, network_id: str) -> Network:
    """The network, its row locked until the transaction ends: its messages then keep the order of its revisions."""
    network: Network | None = await session.scalar(_LOCKED, {"id": network_id})
    if network is None:
        raise NoSuchNetwork
    return network


_LOCKED = (
    select(Network).where(Network.id == bindparam("id")).with_for_update().execution_options(populate_existing=True)
)
"""As it stands when the lock is held, whatever the session knew before.

Made once: `session.get` makes it anew each time, which costs more than its answer.
"""


def new_network(fields: dict[str, Any], *, slug: str) -> Network:
    """A network's row from the fields given; the others are empty."""
    empty: dict[str, Any] = {
        "aliases": [], "level": "local", "purpose": "clinical", "side": "provider", "bodies": [], "host": "",
        "population": None, "web": "", "email": "", "aims": "", "started_on": None, "stage": "informal",
        "merged_into": "", "split_from": "", "former_slugs": [],
    }  # fmt: skip
    moment = clock.now()
    network = Network(
        id=new_id(),
        revision=0,
        slug=slug,
        health="not assessed",
        archived=False,
        created_at=moment,
        updated_at=moment,
        **{**empty, **fields},
    )
    touch(network)
    return network


def said(
    contract: Contract, network: Network, *, headline: str, by: Principal,
    before: dict[str, Any] | None = None, reason: str = "", minor: bool = False, announced: bool = True,
) -> Change:  # fmt: skip
    """The message that *network* changed, told to its own people, its bodies and its care group.

    Not *announced*: another message of the same change tells it.
    """
    concerns = Concerns(networks=(network.id,), bodies=tuple(network.bodies), care_groups=(network.care_group,))
    announcement = Announcement(
        headline=headline[:300], category="governance", path=f"/networks/{network.slug}", concerns=concerns
    )
    return change(
        contract, state_of(network), key=network.id, before=before, announcement=announcement if announced else None,
        actor=by.person_id, reason=reason, minor=minor,
    )  # fmt: skip


def state_of(network: Network) -> NetworkState:
    """The public state of a network's row."""
    return NetworkState.model_validate(network, from_attributes=True)


def before_change(network: Network) -> dict[str, Any]:
    """The state of a network that is about to change, as `said` wants it."""
    return state_of(network).model_dump(mode="json")


def revised(network: Network, fields: dict[str, Any]) -> Network:
    """*network* as its next revision, with *fields* as given."""
    for name, value in fields.items():
        setattr(network, name, value)
    touch(network)
    return network


def touch(network: Network) -> None:
    """A new revision of the record, with what is derived from its fields."""
    network.revision += 1
    network.updated_at = clock.now()
    network.sort_name = folded(network.name)
    network.name_words = " ".join(words_of(network.name))
    network.search_text = " ".join(searched_words({name: getattr(network, name) for name in SEARCHED}))


async def cover(session: AsyncSession, network: Network) -> None:
    """Note which areas a network covers."""
    await session.flush()
    await session.execute(delete(Cover).where(Cover.network_id == network.id))
    session.add_all(Cover(network_id=network.id, body=body) for body in dict.fromkeys(network.bodies))


async def require_free_name(session: AsyncSession, name: str, *, own: str = "") -> None:
    """Raise NameTaken where another network on the register has that name."""
    same = select(Network.id).where(Network.sort_name == folded(name), Network.archived.is_(False), Network.id != own)
    if (await session.execute(same.limit(1))).first() is not None:
        raise NameTaken


def _change_headline(network: Network, changed: list[str]) -> str:
    names = [LABELS.get(name, name) for name in changed]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{network.name}: {listed} changed"
