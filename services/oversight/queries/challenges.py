"""Counting the challenges that wait for an answer."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.queries.feed import NATIONAL
from services.oversight.schemas import Challenges
from services.oversight.tables import Challenge, Cover
from shared import clock


async def unanswered(session: AsyncSession, code: str) -> Challenges:
    """What the networks of an area have to answer, each challenge once."""
    late = func.count().filter(Challenge.answer_by < clock.today())
    query = select(func.count(), late).select_from(Challenge).where(Challenge.status == "open")
    if code != NATIONAL:
        query = query.where(Challenge.provider.in_(select(Cover.network_id).where(Cover.body == code)))
    waiting, overdue = (await session.execute(query)).one()
    return Challenges(unanswered=waiting, overdue=overdue)


async def unanswered_by_body(session: AsyncSession) -> Counter[str]:
    """Body → how many challenges the networks of its area have to answer."""
    query = select(Cover.body, func.count()).join(Challenge, Challenge.provider == Cover.network_id)
    found = await session.execute(query.where(Challenge.status == "open").group_by(Cover.body))
    return Counter(dict(iter(found)))
