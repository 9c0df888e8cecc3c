"""Counting the networks found by each facet."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.schemas.networks import FACETS, FacetCount
from services.registry.tables import Cover, Network


async def facets_of(session: AsyncSession, conditions: Sequence[ColumnElement[bool]]) -> dict[str, list[FacetCount]]:
    """Value → count for every facet, over the networks that match: one pass for all but the bodies."""
    columns = [getattr(Network, name) for name in FACETS if name != "sha"]
    counts: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    for *values, count in await session.execute(select(*columns, func.count()).where(*conditions).group_by(*columns)):
        for column, value in zip(columns, values, strict=True):
            counts[column.key][value] = counts[column.key].get(value, 0) + count
    covered = select(Cover.body, func.count()).join(Network, Network.id == Cover.network_id)
    counts["sha"] = dict((await session.execute(covered.where(*conditions).group_by(Cover.body))).all())
    return {name: counted(values) for name, values in counts.items()}


def counted(values: dict[str, int]) -> list[FacetCount]:
    """Values with how often they occur, the most frequent first."""
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return [FacetCount(value=value, count=count) for value, count in ordered]
