"""What oversight knows to wait for the staff: roles of managed networks that nobody holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.queries.dashboard import vacancies_of
from services.oversight.queries.feed import NATIONAL
from shared.auth import Principal
from shared.needs import SHOWN, need


async def needs(session: AsyncSession, _by: Principal) -> dict[str, Any]:
    """Kind → need."""
    found = await vacancies_of(session, NATIONAL)
    return {"vacancies": need(len(found), [vacancy.model_dump() for vacancy in found[:SHOWN]])}
