"""Who may set the roles of a network."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.tables import Network, Role
from shared.auth import Principal, Rule

EDITING_ROLES = frozenset({"lead_doctor", "lead_nurse", "lead_professional", "lead_manager", "co_ordinator", "chair"})


async def _edits(principal: Principal, session: AsyncSession, path: Mapping[str, str]) -> bool:
    if principal.is_staff or not principal.signed_in:
        return principal.is_staff
    address = path["network_id"]
    network = select(Network.id).where((Network.id == address) | (Network.slug == address))
    mine = select(Role.id).where(
        Role.network_id.in_(network),
        Role.person_id == principal.person_id,
        Role.status == "active",
        Role.role.in_(EDITING_ROLES),
    )
    return (await session.execute(mine.limit(1))).first() is not None


network_editors = Rule("staff; those who lead, chair, manage or co-ordinate the network", _edits)
