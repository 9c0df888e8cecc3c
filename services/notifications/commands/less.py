"""Less: one click on an alert, or in a mail, that changes what comes from now on."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands import following
from services.notifications.commands.preferences import change_preferences
from services.notifications.queries.why import explanation
from shared.auth import Principal
from shared.errors import Conflict


class NoNetworkToMute(Conflict):
    """This alert is of no network that could be muted; choose less of its kind instead."""


async def get_less(session: AsyncSession, person_id: str, *, message_id: str, what: str) -> None:
    """Mute the alert's network, or have its kind there no more (`kind`) or only `weekly`.

    Raises NoSuchAlert, NoNetworkToMute.
    """
    found = await explanation(session, person_id, message_id)
    network_id, by = found["network_id"], Principal(person_id)
    if what == "mute":
        if not network_id:
            raise NoNetworkToMute
        await following.mute(session, network_id=network_id, by=by)
        return
    kinds = {found["alert"]["category"]: "off" if what == "kind" else "weekly"}
    fields: dict[str, Any] = {"networks": {network_id: kinds}} if network_id else {"kinds": kinds}
    await change_preferences(session, fields=fields, by=by)
