"""What is said and not stored, in the form in which the one rule is asked about it."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import ColumnElement, Text, func, literal, select, union_all
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience.reach import Matter
from shared import clock
from shared.announcement import KINDS, Announcement
from shared.db import UtcDateTime


def spoken(session: AsyncSession, said: Sequence[Announcement]) -> Matter:
    """A matter that is not stored: *said* as if it were told now. Made once, whatever asks how often."""
    moment = literal(clock.now(), UtcDateTime()).label("time")
    spoken, told = [], []
    for place, each in enumerate(said):
        number, at = literal(place).label("offset"), literal(KINDS.index(each.category) + 1).label("place")
        category, network = literal(each.category, Text()), literal(each.network, Text())
        spoken.append(select(number, category.label("category"), network.label("network_id"), moment, at))
        told.append(select(number, _listed(session, each.concerns.audiences()).label("audience")))
    made = [union_all(*rows).cte(name) for rows, name in ((spoken, "spoken"), (told, "told"))]
    return Matter(*(each.prefix_with("MATERIALIZED") for each in made))


def _listed(session: AsyncSession, values: Sequence[str]) -> ColumnElement[str]:
    """*values* as rows, one parameter however many they are."""
    if session.get_bind().dialect.name == "postgresql":
        return func.unnest(literal(list(values), postgresql.ARRAY(Text()))).column_valued("audience")
    return func.json_each(orjson.dumps(list(values)).decode()).table_valued("value").c.value
