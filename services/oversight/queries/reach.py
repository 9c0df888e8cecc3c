"""In whose feeds a line would stand because of messages that nobody has said yet."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.consumers import bodies_of, lines_of
from services.oversight.tables import Body
from shared.envelope import Envelope
from shared.reach import Because, Reach


async def reach(session: AsyncSession, messages: Sequence[Envelope]) -> list[Reach]:
    """The oversight bodies in whose feeds *messages* would stand, by name; the national feed has every line."""
    lines = lines_of(messages)
    if not lines:
        return []
    codes = {code for _, announced in lines for code in bodies_of(announced)}
    known = await session.execute(select(Body.code, Body.name).where(Body.code.in_(codes)).order_by(Body.name))
    because = [Because(reason=code, label=name) for code, name in known]
    noun = ("oversight body", "oversight bodies")
    own = Reach(way="feeds", count=len(codes), label="Feeds of oversight bodies", noun=noun, because=because)
    national = Reach(way="national feed", count=len(lines), label="Lines in the national feed")
    return [own, national] if codes else [national]
