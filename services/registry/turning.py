"""What turns with the clock: evidence goes out of date, vacancies grow old, a new edition of the standards spreads."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.assessing import assess_stale
from services.registry.commands.evidence import due_evidence, lapse_evidence
from services.registry.commands.vacancies import due_vacancies, escalate
from services.registry.tables import Assessment, Edition
from shared.turning import turning

SOON = 1.0
"""Seconds between looks for what turns a network red: that shows within a second, at midnight too."""


async def turn(session: AsyncSession) -> int:
    """Do some of all that is due now; returns how much, 0 when nothing is left."""
    return await lapse_evidence(session) + await escalate(session) + await assess_stale(session)


def _stale() -> Select[Any]:
    number = select(Edition.number).scalar_subquery()
    return select(Assessment.network_id).where(Assessment.edition < number)


WORKERS = (
    turning("evidence_goes_out_of_date", due_evidence, lapse_evidence, pause=SOON),
    turning("a_new_edition_of_the_standards_spreads", _stale, assess_stale, pause=SOON),
    turning("vacancies_grow_old", due_vacancies, escalate),
)
