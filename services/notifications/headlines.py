"""Headlines name people as `{person:<id>}`; the name is filled in when somebody reads, so that erasure reaches it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import alerts, networks, people

_PERSON = re.compile(r"\{person:([^{}\s]+)\}")
_PART_OF_A_NAME = re.compile(r"[0-9a-f:{}-]+|p?e?r?s?o?n?")
NOBODY = "a former member"
MOST_WORDS = 8
MOST_NAMED = 50
"""People of one name that a search follows into headlines."""


async def names_in(session: AsyncSession, headlines: Iterable[str]) -> dict[str, str]:
    """Person id → name, for the people that *headlines* name; costs nothing where they name nobody."""
    ids = {found for headline in headlines if "{" in headline for found in _PERSON.findall(headline)}
    if not ids:
        return {}
    rows = await session.execute(select(people.c.id, people.c.name).where(people.c.id.in_(ids)))
    return {row.id: row.name for row in rows}


async def saying(session: AsyncSession, q: str) -> list[ColumnElement[bool]]:
    """Conditions on `alerts`: every word of *q* stands in the headline, a name in it or its network's."""
    return [await _says(session, word) for word in q.split()[:MOST_WORDS]]


async def _says(session: AsyncSession, word: str) -> ColumnElement[bool]:
    named = select(people.c.id).where(people.c.name.icontains(word, autoescape=True)).limit(MOST_NAMED)
    ids = (await session.execute(named)).scalars().all()
    called = select(networks.c.id).where(networks.c.name.icontains(word, autoescape=True))
    in_words = alerts.c.headline.icontains(word, autoescape=True)
    if _PART_OF_A_NAME.fullmatch(word.lower()):  # what stands between the brackets is nothing that anybody reads
        in_words = and_(in_words, alerts.c.headline.not_like("%{person:%"))
    in_names = [alerts.c.headline.contains(f"{{person:{person_id}}}", autoescape=True) for person_id in ids]
    return or_(in_words, alerts.c.network_id.in_(called), *in_names)


def filled(headline: str, names: Mapping[str, str]) -> str:
    """*headline* with names; who is not known (any more) is "a former member"."""
    text = _PERSON.sub(lambda match: names.get(match[1]) or NOBODY, headline) if "{" in headline else headline
    return text[:1].upper() + text[1:]
