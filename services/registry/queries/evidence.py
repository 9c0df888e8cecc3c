"""Reading evidence."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.named import names_in
from services.registry.schemas.evidence import Evidence as EvidenceOut
from services.registry.tables import Evidence, Person
from shared.db import total_of


async def evidence_page(
    session: AsyncSession, network_id: str, *, kind: str, limit: int, cursor: str | None
) -> tuple[list[EvidenceOut], str | None, int]:
    """A page of a network's evidence, the newest first: (evidence, the next cursor, how much there is in all)."""
    conditions = [Evidence.network_id == network_id, *([Evidence.kind == kind] if kind else [])]
    query = select(Evidence, Person.name).outerjoin(Person, Person.id == Evidence.recorded_by).where(*conditions)
    if cursor:
        query = query.where(Evidence.id < cursor)
    rows = (await session.execute(query.order_by(Evidence.id.desc()).limit(limit + 1))).all()
    total = await total_of(session, Evidence, conditions, rows, limit=limit, first=not cursor)
    named = await names_in(session, [evidence.title for evidence, _ in rows])
    shown = [
        EvidenceOut.model_validate(evidence).model_copy(
            update={"title": named(evidence.title), "recorded_by_name": name or ""}
        )
        for evidence, name in rows
    ]
    return shown[:limit], shown[limit - 1].id if len(rows) > limit else None, total


async def evidence_shown(session: AsyncSession, evidence: Evidence) -> EvidenceOut:
    """One piece of evidence as the API shows it."""
    person = await session.get(Person, evidence.recorded_by)
    shown = EvidenceOut.model_validate(evidence)
    return shown.model_copy(update={"recorded_by_name": person.name if person else ""})
