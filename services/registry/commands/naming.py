"""Names without accents or case, the words of a text, and the addresses made of names."""

from __future__ import annotations

import re
from itertools import chain, count

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.tables import Address, Network
from services.registry.wording import folded

RESERVED = frozenset({"new", "imports", "compare"})
"""Last parts of addresses that are pages of the directory's own."""

LONGEST_WORD = 60
"""Letters of a word that count; PostgreSQL refuses a lexeme of more than two thousand bytes."""
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = str.maketrans("", "", "'’ʼ`")


def words_of(text: str) -> list[str]:
    """The words of *text* in their order, folded: `Crohn's & Colitis` is `crohns`, `colitis`.

    Whatever is searched and whatever is searched for is taken apart here alone, so that both databases agree.
    """
    return [word[:LONGEST_WORD] for word in _WORD.findall(folded(text.translate(_APOSTROPHES)))]


def slug_of(name: str) -> str:
    """The part of an address that says *name*."""
    return re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")[:80] or "network"


async def free_slug(session: AsyncSession, name: str, *, own: str = "") -> str:
    """An address for *name* that no other network has, or had: *own* may have one of its former ones again."""
    wanted = slug_of(name)
    taken = set(RESERVED)
    for slug, holder in ((Network.slug, Network.id), (Address.slug, Address.network_id)):
        query = select(slug).where((slug == wanted) | slug.like(f"{wanted}-%"), holder != own)
        taken |= set((await session.execute(query)).scalars())
    return first_free(wanted, taken)


def first_free(wanted: str, taken: set[str]) -> str:
    """*wanted*, or the first of `wanted-2`, `wanted-3`, … that is not in *taken*."""
    numbered = (f"{wanted}-{number}" for number in count(2))
    return next(slug for slug in chain([wanted], numbered) if slug not in taken)
