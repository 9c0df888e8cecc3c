"""Roles turn with the calendar: planned ones begin on their first day, held ones end after their last."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.networks import locked_network
from services.membership.commands.roles import begin_role, end_roles
from services.membership.tables import Role
from shared import clock
from shared.auth import ANYBODY
from shared.turning import turning

AT_ONCE = 200


async def turn_roles(session: AsyncSession) -> None:
    """Let what is due end and begin, network by network, endings first: a successor's news comes last."""
    query = select(Role.network_id).where(_due()).distinct().order_by(Role.network_id)
    for network_id in list((await session.execute(query.limit(AT_ONCE))).scalars()):
        network = await locked_network(session, network_id)
        due = list((await session.execute(select(Role).where(_due(), Role.network_id == network_id))).scalars())
        beginning = [role for role in due if role.status == "planned" and role.since <= clock.today()]
        for role in [role for role in due if role not in beginning]:
            succeeded = any(other.role == role.role for other in beginning)
            last = role.until or clock.today()
            await end_roles(session, network, [role], last=last, by=ANYBODY, minor=succeeded)
        for role in beginning:
            await begin_role(session, network, role, by=ANYBODY)


def _due() -> ColumnElement[bool]:
    today = clock.today()
    over = (Role.status != "ended") & (Role.until < today)
    return over | ((Role.status == "planned") & (Role.since <= today))


turn_with_the_calendar = turning("turn_with_the_calendar", lambda: select(Role.id).where(_due()), turn_roles)
