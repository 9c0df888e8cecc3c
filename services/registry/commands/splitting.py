"""Making two networks of one: a part becomes a network of its own, and the people chosen go with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.beginning import require_beginning
from services.registry.commands.networks import add_network, locked_to_change, said
from services.registry.commands.succession import succession
from services.registry.tables import Network
from shared.auth import Principal
from shared.contracts.registry import NETWORK_CREATED
from shared.outbox import publish

INHERITED = ("type", "care_group", "level", "purpose", "side", "bodies")


async def split_network(
    session: AsyncSession, *, network_id: str, fields: dict[str, Any], moved: Sequence[str], copied: Sequence[str],
    by: Principal, expected: int | None = None, reason: str = "", minor: bool = False,
) -> Network:  # fmt: skip
    """Put a part of a network on the register as one of its own; returns the new one.

    What *fields* do not say is as in the network that it was a part of. *moved* and *copied* are ids of roles (see
    SuccessionState). Raises NoSuchNetwork, ChangedMeanwhile, AlreadyArchived, BeginsEarlier, NameTaken,
    UnknownBody.
    """
    whole = await locked_to_change(session, network_id, expected)
    await require_beginning(session, fields)
    begun = "informal" if whole.stage == "informal" else "emerging"
    inherited = {name: getattr(whole, name) for name in INHERITED}
    part = await add_network(session, {**inherited, "stage": begun, **fields, "split_from": whole.id})
    told = f"{part.name} was split off from {whole.name}"
    created = said(
        NETWORK_CREATED, part, headline=told, by=by, reason=f"{told}. {reason}".strip(), minor=minor,
        announced=False,
    )  # fmt: skip
    divided = succession(
        "split", whole, part, headline=told, moved=moved, copied=copied, by=by, reason=reason, minor=minor
    )  # fmt: skip
    await publish(session, created, divided)
    return part
