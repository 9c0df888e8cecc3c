"""What membership learns from others: the networks that there are, and what goes over from one to another."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.successions import merge_roles, part_roles, split_roles
from services.membership.tables import Address, Network
from shared.auth import Principal
from shared.db import upsert
from shared.envelope import Envelope
from shared.rows import upsert_newer


class _Network(BaseModel):
    id: str
    revision: int
    slug: str
    name: str
    care_group: str
    bodies: list[str]
    archived: bool
    former_slugs: list[str] = []


class _Succession(BaseModel):
    kind: str
    source: str
    target: str
    roles: str
    moved: list[str]
    copied: list[str]


async def on_networks(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep what headlines and `/me` say of a network, whom its changes concern, and where its old addresses lead."""
    networks = [_Network.model_validate(m.state) for m in messages if m.data]
    rows = [network.model_dump(exclude={"former_slugs"}) for network in networks]
    await upsert_newer(session, Network.__table__, rows)  # type: ignore[arg-type]
    former = [{"slug": slug, "network_id": network.id} for network in networks for slug in network.former_slugs]
    if former:
        await session.execute(upsert(session, Address.__table__).on_conflict_do_nothing(), former)  # type: ignore[arg-type]


async def on_successions(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Let the people of a network go where it went, in the order in which the register said so."""
    for message in messages:
        said, by = _Succession.model_validate(message.state), Principal(message.actor)
        if said.kind == "merge":
            await merge_roles(
                session, source_id=said.source, target_id=said.target, all_roles=said.roles == "all",
                moment=message.time, by=by,
            )  # fmt: skip
        elif said.kind == "parting":
            await part_roles(session, source_id=said.source, target_id=said.target, moment=message.time, by=by)
        elif said.kind == "split":
            await split_roles(
                session, source_id=said.source, target_id=said.target, moved=said.moved, copied=said.copied,
                moment=message.time, by=by,
            )  # fmt: skip
