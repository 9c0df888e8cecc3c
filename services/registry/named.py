"""Filling people's names into texts that name them as `{person:<id>}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.tables import Person

_REFERENCE = re.compile(r"\{person:([^}\s]+)\}")
UNKNOWN = "A former member"
"""Shown instead of the name of somebody who was erased."""


async def names_in(session: AsyncSession, texts: Iterable[str]) -> Callable[[str], str]:
    """A function that fills in the names of all the people whom *texts* refer to."""
    ids = {person for text in texts for person in _REFERENCE.findall(text)}
    query = select(Person.id, Person.name).where(Person.id.in_(ids))
    names: dict[str, str] = dict((await session.execute(query)).all()) if ids else {}
    return lambda text: _REFERENCE.sub(lambda found: names.get(found[1]) or UNKNOWN, text)
