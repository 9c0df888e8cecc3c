"""What differs between two moments, of one network and of the register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.queries.cursors import cursor_of, position_in
from services.registry.queries.past import TABLE, NotThereYet, network_as_of, of_kind, states_of, with_words
from services.registry.schemas.history import Difference, NetworkDifference
from services.registry.tables import Network
from shared.errors import Unprocessable
from shared.outbox import difference
from shared.versions import with_version

KINDS = ("added", "restored", "archived", "changed")
UNTOLD = frozenset({"id"})


class WrongOrder(Unprocessable):
    """The first day must not be later than the second; exchange them."""


def require_order(before: datetime, after: datetime) -> None:
    """Raise WrongOrder unless *before* is no later than *after*."""
    if before > after:
        raise WrongOrder


async def difference_of(session: AsyncSession, network: Network, before: datetime, after: datetime) -> Difference:
    """What changed in one network between two moments. Raises WrongOrder, and NotThereYet when it was there at none."""
    require_order(before, after)
    later = (await network_as_of(session, network, after)).state
    try:
        earlier = (await network_as_of(session, network, before)).state
    except NotThereYet:
        earlier = {}
    revisions = [earlier.get("revision"), later["revision"]]
    return Difference(before=before, after=after, revisions=revisions, changes=_changes(earlier, later))


class Between:
    """The networks that two moments of the register differ in: their versions then, side by side."""

    def __init__(
        self, session: AsyncSession, before: datetime, after: datetime, *, q: str, chosen: Mapping[str, str]
    ) -> None:
        """Those that match at one of the moments at least. Raises WrongOrder."""
        require_order(before, after)
        query = select().select_from(Network)
        query, self.then = with_version(session, query, TABLE, of=Network.id, at=before, optional=True)
        query, self.now = with_version(session, query, TABLE, of=Network.id, at=after)
        matching = or_(*(and_(true(), *with_words(one, q), *of_kind(one, chosen)) for one in (self.then, self.now)))
        self.what = self._what()
        self.query = query.where(matching, self.what.is_not(None))

    def _what(self) -> ColumnElement[Any]:
        """Which of KINDS; null where nothing differs."""
        then, now = self.then.c, self.now.c
        return case(
            (then.revision.is_(None) & now.archived.is_(False), literal("added")),
            (then.archived.is_(True) & now.archived.is_(False), literal("restored")),
            (then.archived.is_(False) & now.archived.is_(True), literal("archived")),
            (then.archived.is_(False) & (then.revision != now.revision), literal("changed")),
        )


async def differences_page(
    session: AsyncSession, between: Between, *, limit: int, cursor: str | None
) -> tuple[list[NetworkDifference], str | None, dict[str, int]]:
    """A page of what differs, in the order of the names: (networks, the next cursor, how many of each kind)."""
    counted = await session.execute(between.query.add_columns(between.what, func.count()).group_by(between.what))
    counts = dict.fromkeys(KINDS, 0) | dict(counted.all())
    name = between.now.c.sort_name
    query = between.query.add_columns(
        Network.id, Network.slug, name, between.what.label("what"), between.then.c.entry.label("then"),
        between.now.c.entry.label("now"),
    )  # fmt: skip
    if cursor:
        query = query.where(tuple_(name, Network.id) > position_in(cursor))
    rows = (await session.execute(query.order_by(name, Network.id).limit(limit + 1))).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return await _shown(session, rows[:limit]), cursor_of(last.sort_name, last.id) if last else None, counts


async def _shown(session: AsyncSession, rows: Sequence[Any]) -> list[NetworkDifference]:
    states = await states_of(session, [entry for row in rows for entry in (row.then, row.now) if entry])
    return [
        NetworkDifference(
            id=row.id, slug=row.slug, name=states[row.now]["name"], what=row.what,
            changes=_changes(states.get(row.then, {}), states[row.now]),
        )
        for row in rows
    ]  # fmt: skip


def _changes(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: pair for name, pair in difference(earlier, later).items() if name not in UNTOLD}
