"""Following corrections of an issue that is still going out: copies that had begun without one are taken afterwards."""

from __future__ import annotations

import asyncio

from services.notifications.commands.corrections import see_to, unsettled
from shared.service import Parts

POLL_SECONDS = 5.0


async def follow_corrections(parts: Parts) -> None:
    """The worker: see to what is not settled until told to stop."""
    while True:
        async with parts.database.reading() as session:
            waiting = await unsettled(session)
        for correction in waiting:
            async with parts.database.transaction() as session:
                await see_to(session, correction)
        await asyncio.sleep(POLL_SECONDS)
