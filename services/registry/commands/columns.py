"""What somebody wants to see of each network in the directory, kept until they choose otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.tables import ShownColumns
from shared.auth import Principal


async def show_columns(session: AsyncSession, *, names: Sequence[str], by: Principal) -> None:
    """Show *names* of each network to this person from now on."""
    await session.merge(ShownColumns(person_id=by.person_id, names=list(dict.fromkeys(names))))


async def forget_columns(session: AsyncSession, person_ids: Iterable[str]) -> None:
    """Forget what these people chose."""
    await session.execute(delete(ShownColumns).where(ShownColumns.person_id.in_(list(person_ids))))
