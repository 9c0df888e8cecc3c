"""Reference data, loaded at every start: what is there stays as it is, so that a deployment may change it; and what an
earlier version left undone."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.bodies import load_bodies
from services.registry.commands.link_closing import close_forgotten_links
from services.registry.commands.standards import load_standards
from services.registry.reference import rows
from services.registry.tables import ApprovalNeed, StaffGroup
from shared.db import upsert


async def load_reference(session: AsyncSession) -> None:
    """Make sure that the oversight bodies, the standards, the staff groups and the approvals needed are known, and that
    what left the register has no link any more."""
    await load_bodies(session)
    await load_standards(session)
    groups = [{**row, "place": place} for place, row in enumerate(rows("staff_groups"))]
    needs = [{**row, "roles": row["roles"].split(";"), "place": place} for place, row in enumerate(rows("approvals"))]
    for table, found in ((StaffGroup.__table__, groups), (ApprovalNeed.__table__, needs)):
        await session.execute(upsert(session, table).on_conflict_do_nothing(), found)  # type: ignore[arg-type]
    await close_forgotten_links(session)
