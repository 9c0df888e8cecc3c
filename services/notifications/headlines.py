"""Headlines name people as `{person:<id>}`; the name is filled in when somebody reads, so that erasure reaches it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import people
from shared.db import is_among, listed
from shared.made import Made

_PERSON = re.compile(r"\{person:([^{}\s]+)\}")
NOBODY = "a former member"


def _names(dialect: str) -> Select[str, str]:
    return select(people.c.id, people.c.name).where(is_among(dialect, people.c.id, "ids"))


_NAMES = Made(_names)


async def names_in(session: AsyncSession, headlines: Iterable[str]) -> dict[str, str]:
    """Person id → name, for the people that *headlines* name; costs nothing where they name nobody."""
    ids = {found for headline in headlines if "{" in headline for found in _PERSON.findall(headline)}
    if not ids:
        return {}
    rows = await _NAMES.rows(session, {"ids": listed(session, ids)})
    return {row.id: row.name for row in rows}


def filled(headline: str, names: Mapping[str, str]) -> str:
    """*headline* with names; who is not known (any more) is "a former member"."""
    text = _PERSON.sub(lambda match: names.get(match[1]) or NOBODY, headline) if "{" in headline else headline
    return text[:1].upper() + text[1:]
