"""A service change that was approved is in force from its day on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.service_change_telling import said, state_of
from services.registry.commands.service_changes import touch
from services.registry.tables import ServiceChange
from shared import clock
from shared.auth import ANYBODY
from shared.contracts.registry import SERVICE_CHANGE_STARTED
from shared.outbox import publish

AT_ONCE = 50


def service_changes_due() -> Select[Any]:
    """The approved service changes whose day has come."""
    due = (ServiceChange.status == "approved", ServiceChange.from_on <= clock.today())
    return select(ServiceChange).where(*due).order_by(ServiceChange.from_on, ServiceChange.id)


async def turn_service_changes(session: AsyncSession) -> None:
    """Let what is due be in force; locked, because another process may be looking at it too."""
    query = service_changes_due().limit(AT_ONCE).with_for_update().execution_options(populate_existing=True)
    for found in list((await session.execute(query)).scalars()):
        before = await state_of(session, found)
        found.status = "in_force"
        touch(found)
        await publish(session, await said(session, SERVICE_CHANGE_STARTED, found, "started", by=ANYBODY, before=before))
