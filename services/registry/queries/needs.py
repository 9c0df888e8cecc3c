"""What of the register waits for the staff: decided on, answered, looked at or put right by somebody.

The statements are made once: staff see everything, so they are the same for each of them, and made anew for each page
they took longer than the database.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.queries.overlaps import STRONGEST, overlaps_shown, overlaps_to_settle
from services.registry.tables import Assessment, Batch, Challenge, Import, Network, Overlap, ServiceChange
from shared import clock
from shared.auth import Principal
from shared.needs import SHOWN, need

WAITING_FILES = ("matching", "ready", "failed", "stopped")
"""The steps in which an import waits for somebody."""
NEEDED: dict[str, tuple[Any, list[Any]]] = {
    "approvals": (ServiceChange, [ServiceChange.status == "proposed"]),
    "files": (Import, [Import.status.in_(WAITING_FILES)]),
    "batches": (Batch, [Batch.status == "stopped"]),
    "challenges": (Challenge, [Challenge.status == "open", Challenge.answer_by < bindparam("today")]),
    "reds": (Network, [Network.health == "red", Network.archived.is_(False)]),
    "overlaps": (Overlap, overlaps_to_settle()),
}
COUNTS = select(*(
    select(func.count()).select_from(table).where(*conditions).scalar_subquery().label(kind)
    for kind, (table, conditions) in NEEDED.items()
))  # fmt: skip


def _first(kind: str, query: Any, *order: Any) -> Any:
    return query.where(*NEEDED[kind][1]).order_by(*order).limit(SHOWN)


FIRST = {
    "approvals": _first(
        "approvals",
        select(ServiceChange.id, ServiceChange.title, ServiceChange.from_on, Network.name)
        .join(Network, Network.id == ServiceChange.network_id), ServiceChange.id.desc(),
    ),
    "files": _first("files", select(Import.id, Import.file, Import.problem, Import.status), Import.id.desc()),
    "batches": _first("batches", select(Batch.id, Batch.total, Batch.changed, Batch.stopped_in), Batch.id.desc()),
    "challenges": _first(
        "challenges",
        select(Challenge.id, Challenge.subject, Challenge.answer_by, Network.name)
        .join(Network, Network.id == Challenge.provider), Challenge.id.desc(),
    ),
    "reds": _first(
        "reds",
        select(
            Network.slug, Network.name, Network.stage, Network.care_group, Assessment.unmet, Assessment.since,
        ).outerjoin(Assessment, Assessment.network_id == Network.id), Network.sort_name, Network.id,
    ),
    "overlaps": _first("overlaps", select(Overlap), *STRONGEST),
}  # fmt: skip


async def needs(session: AsyncSession, _by: Principal) -> dict[str, Any]:
    """Kind → need. All are counted by one statement; what there is none of is not looked for."""
    today = {"today": clock.today()}
    totals = (await session.execute(COUNTS, today)).mappings().one()
    found: dict[str, Any] = {kind: await session.execute(FIRST[kind], today) if totals[kind] else () for kind in NEEDED}
    if totals["overlaps"]:
        shown = await overlaps_shown(session, list(found["overlaps"].scalars()))
        found["overlaps"] = [overlap.model_dump() for overlap in shown]
    return {kind: need(totals[kind], items) for kind, items in found.items()}
