"""What of the register waits for the staff: decided on, answered, looked at or put right by somebody."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.queries.challenges import challenges_matching
from services.registry.queries.overlaps import STRONGEST, overlaps_shown, overlaps_to_settle
from services.registry.queries.service_changes import service_changes_matching
from services.registry.tables import Challenge, Import, Network, Overlap, ServiceChange
from shared.auth import Principal
from shared.needs import SHOWN, need

WAITING_FILES = ("matching", "ready", "failed", "stopped")
"""The steps in which an import waits for somebody."""


async def needs(session: AsyncSession, by: Principal) -> dict[str, Any]:
    """Kind → need. All are counted by one statement; what there is none of is not looked for."""
    counted: dict[str, tuple[Any, list[ColumnElement[bool]]]] = {
        "approvals": (ServiceChange, service_changes_matching(by, status="proposed")),
        "files": (Import, [Import.status.in_(WAITING_FILES)]),
        "challenges": (Challenge, challenges_matching(by, overdue=True)),
        "reds": (Network, _red()),
        "overlaps": (Overlap, overlaps_to_settle()),
    }  # fmt: skip
    counts = [select(func.count()).select_from(table).where(*c).scalar_subquery() for table, c in counted.values()]
    totals = dict(zip(counted, (await session.execute(select(*counts))).one(), strict=True))
    first = {"approvals": _approvals, "files": _files, "challenges": _challenges, "reds": _reds, "overlaps": _overlaps}
    return {kind: need(total, await first[kind](session, by) if total else ()) for kind, total in totals.items()}


def _red() -> list[ColumnElement[bool]]:
    return [Network.health == "red", Network.archived.is_(False)]


async def _approvals(session: AsyncSession, by: Principal) -> Any:
    conditions = service_changes_matching(by, status="proposed")
    change = ServiceChange
    query = select(change.id, change.title, change.from_on, Network.name).join(Network, Network.id == change.network_id)
    return await session.execute(query.where(*conditions).order_by(change.id.desc()).limit(SHOWN))


async def _files(session: AsyncSession, _by: Principal) -> Any:
    query = select(Import.id, Import.file, Import.problem, Import.status).where(Import.status.in_(WAITING_FILES))
    return await session.execute(query.order_by(Import.id.desc()).limit(SHOWN))


async def _challenges(session: AsyncSession, by: Principal) -> Any:
    challenge = Challenge
    query = select(challenge.id, challenge.subject, challenge.answer_by, Network.name)
    query = query.join(Network, Network.id == challenge.provider).where(*challenges_matching(by, overdue=True))
    return await session.execute(query.order_by(challenge.id.desc()).limit(SHOWN))


async def _reds(session: AsyncSession, _by: Principal) -> Any:
    query = select(Network.slug, Network.name, Network.stage, Network.care_group).where(*_red())
    return await session.execute(query.order_by(Network.sort_name, Network.id).limit(SHOWN))


async def _overlaps(session: AsyncSession, _by: Principal) -> Any:
    first = select(Overlap).where(*overlaps_to_settle()).order_by(*STRONGEST).limit(SHOWN)
    found = await overlaps_shown(session, list((await session.execute(first)).scalars()))
    return [overlap.model_dump() for overlap in found]
