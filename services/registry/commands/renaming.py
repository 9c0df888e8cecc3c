"""Giving a network a new name, and with it a new address. Every address that it had leads there for ever."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.naming import free_slug
from services.registry.commands.networks import (
    before_change,
    locked_to_change,
    require_free_name,
    said,
    touch,
)
from services.registry.tables import Address, Network
from services.registry.wording import folded
from shared.auth import Principal
from shared.contracts.registry import NETWORK_RENAMED
from shared.db import upsert
from shared.errors import Unprocessable
from shared.outbox import publish

MOST_ALIASES = 20


class TooManyNames(Unprocessable):
    """The network has 20 other names, which is all that it can have; remove some of them first."""


async def rename_network(
    session: AsyncSession, *, network_id: str, name: str, keep_name: bool, by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Network:  # fmt: skip
    """Give a network another name; with *keep_name* it is still found by the one that it had.

    Nothing is recorded when it has the name already. Raises NoSuchNetwork, ChangedMeanwhile, AlreadyArchived,
    NameTaken, TooManyNames.
    """
    network = await locked_to_change(session, network_id, expected)
    if network.name == name:
        return network
    await require_free_name(session, name, own=network.id)
    before, former = before_change(network), network.name
    network.aliases = with_names(network.aliases, [former] if keep_name else [], but=name)
    network.name = name
    await _move(session, network, await free_slug(session, name, own=network.id))
    touch(network)
    headline = f"{former} is now called {name}"
    told = said(NETWORK_RENAMED, network, headline=headline, before=before, by=by, reason=reason, minor=minor)
    await publish(session, told)
    return network


def with_names(aliases: list[str], more: list[str], *, but: str) -> list[str]:
    """*aliases* and *more*, each once, without the name *but*. Raises TooManyNames."""
    named: dict[str, str] = {}
    for name in (*aliases, *more):
        named.setdefault(folded(name), name)
    named.pop(folded(but), None)
    if len(named) > MOST_ALIASES:
        raise TooManyNames
    return list(named.values())


async def _move(session: AsyncSession, network: Network, slug: str) -> None:
    """Let the network's present address lead to *slug*, its new one."""
    if slug == network.slug:
        return
    await session.execute(delete(Address).where(Address.slug == slug))
    left = {"slug": network.slug, "network_id": network.id}
    await session.execute(upsert(session, Address.__table__).on_conflict_do_nothing(), left)  # type: ignore[arg-type]
    network.former_slugs = [known for known in (*network.former_slugs, network.slug) if known != slug]
    network.slug = slug
