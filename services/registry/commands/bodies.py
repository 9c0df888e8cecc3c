"""The oversight bodies: reference data, loaded at every start."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.reference import rows
from services.registry.tables import Body
from shared.db import upsert
from shared.errors import Unprocessable


class UnknownBody(Unprocessable):
    """An oversight body is not known; use the ODS codes that /api/bodies lists."""


async def load_bodies(session: AsyncSession) -> None:
    """Make sure that the oversight bodies of the reference data are known."""
    found = [{"code": r["code"], "kind": "sha", "name": r["name"], "region": r["region"]} for r in rows("shas")]
    await session.execute(upsert(session, Body.__table__).on_conflict_do_nothing(), found)  # type: ignore[arg-type]


async def require_bodies(session: AsyncSession, codes: list[str]) -> None:
    """Raise UnknownBody unless every code is an oversight body's."""
    known = set((await session.execute(select(Body.code).where(Body.code.in_(codes)))).scalars()) if codes else set()
    if unknown := sorted(set(codes) - known):
        raise UnknownBody(f"Unknown oversight body: {', '.join(unknown)}. Use the ODS codes that /api/bodies lists.")
