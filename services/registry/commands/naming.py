"""Names without accents or case, and the addresses made of them."""

from __future__ import annotations

import re
import unicodedata
from itertools import chain, count

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.tables import Network


def folded(text: str) -> str:
    """*text* without accents or case, for order and search."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def slug_of(name: str) -> str:
    """The part of an address that says *name*."""
    return re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")[:80] or "network"


async def free_slug(session: AsyncSession, name: str) -> str:
    """An address for *name* that no network has."""
    wanted = slug_of(name)
    query = select(Network.slug).where((Network.slug == wanted) | Network.slug.like(f"{wanted}-%"))
    taken = set((await session.execute(query)).scalars())
    return first_free(wanted, taken)


def first_free(wanted: str, taken: set[str]) -> str:
    """*wanted*, or the first of `wanted-2`, `wanted-3`, … that is not in *taken*."""
    numbered = (f"{wanted}-{number}" for number in count(2))
    return next(slug for slug in chain([wanted], numbered) if slug not in taken)
