"""Who may see and change a subscription."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import subscriptions
from shared.auth import Principal, Rule


async def _owns(principal: Principal, session: AsyncSession, path: Mapping[str, str]) -> bool:
    if principal.is_staff or not principal.signed_in:
        return principal.is_staff
    owner = select(subscriptions.c.owner_id).where(subscriptions.c.id == path["subscription_id"])
    # Of what does not exist nothing is given away: the command says that it is not there.
    return (await session.execute(owner)).scalar_one_or_none() in (None, principal.person_id)


subscription_owners = Rule("staff; the owner of the webhook", _owns)
