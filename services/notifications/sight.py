"""What a program may see: exactly what the person who owns it may.

A change is seen
- *whole*, with the state of what changed, by staff, and by those to whom somebody gave a place in an audience that was
  told: who is named, holds a role, is a member or an officer;
- *told*, its headline, by whoever chose such an audience (follows a network, is interested in a care group), and, when
  it was told to a network in a public category, by everybody: that is what its page shows to visitors too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import audiences_of
from services.notifications.tables import alert_audiences, alerts, audience_members
from shared.announcement import PUBLIC_CATEGORIES
from shared.auth import Principal
from shared.db import among
from shared.errors import Forbidden

TEAM = "staff"
"""The owner of what belongs to the staff as a team, whoever made it."""
GRANTED = frozenset({"role", "member", "officer", "staff"})
"""The ways into an audience that somebody else decides on."""


class LeadsOut(Forbidden):
    """What you are told is read by way of this, so it takes a token that may read it (alerts:read), or signing in."""


def require_reading(by: Principal) -> None:
    """Refuse a token that may only write: by a webhook or a feed it would read. Raises LeadsOut."""
    if not by.has_scope("alerts:read"):
        raise LeadsOut


class Sight(IntEnum):
    """How much of a change is seen."""

    NOTHING = 0
    TOLD = 1
    WHOLE = 2


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody's places: audience → [(route, since)]."""

    id: str
    places: Mapping[str, list[tuple[str, datetime]]] = field(default_factory=dict)

    def sight(self, alert: Mapping[str, Any], audiences: Iterable[str]) -> Sight:
        """How much of *alert*, which was told to *audiences*, they may see."""
        if self.id == TEAM or "staff" in self.places:
            return Sight.WHOLE
        audiences = list(audiences)
        seen = Sight.TOLD if is_public(alert, audiences) else Sight.NOTHING
        for audience in audiences:
            seen = max(seen, self._by(audience, alert["time"]))
        return seen

    def _by(self, audience: str, time: datetime) -> Sight:
        if audience == f"person:{self.id}":
            return Sight.WHOLE
        routes = [route for route, since in self.places.get(audience, ()) if since <= time]
        if GRANTED.intersection(routes):
            return Sight.WHOLE
        return Sight.TOLD if routes or audience == "everyone" else Sight.NOTHING


def is_public(alert: Mapping[str, Any], audiences: Iterable[str]) -> bool:
    """Whether visitors see it on a network's page: that it is about one, without being told to it, is not enough."""
    return alert["category"] in PUBLIC_CATEGORIES and f"network:{alert['network_id']}" in audiences


async def owners(session: AsyncSession, ids: Iterable[str], audiences: Iterable[str]) -> dict[str, Owner]:
    """The owners with these ids, with their places in *audiences* (and on the staff)."""
    wanted = list(dict.fromkeys(ids))
    members = audience_members.c
    query = select(members.person_id, members.audience, members.route, members.since).where(
        among(session, members.person_id, wanted), among(session, members.audience, ["staff", *audiences]),
        members.active,
    )  # fmt: skip
    places: dict[str, dict[str, list[tuple[str, datetime]]]] = {person_id: {} for person_id in wanted}
    for person_id, audience, route, since in await session.execute(query):
        places[person_id].setdefault(audience, []).append((route, since))
    return {person_id: Owner(person_id, found) for person_id, found in places.items()}


async def owner_of(by: Principal) -> Owner:
    """The owner that *by* would be, as far as being staff decides it."""
    return Owner(TEAM if by.is_staff else by.person_id)


def public() -> ColumnElement[bool]:
    """The condition on `alerts` that visitors see it."""
    told = select(alert_audiences.c.offset).where(
        alert_audiences.c.audience == literal("network:").concat(alerts.c.network_id),
        alert_audiences.c.offset == alerts.c.offset,
    )
    return and_(
        alerts.c.network_id != "", alerts.c.category.in_(sorted(PUBLIC_CATEGORIES)), told.correlate(alerts).exists()
    )  # fmt: skip


def visible_to(person_id: str, *, is_staff: bool) -> ColumnElement[bool]:
    """The condition on `alerts` that somebody (nobody: an empty id) may see it at all."""
    if is_staff:
        return true()
    if not person_id:
        return public()
    mine = audiences_of(person_id)
    told = (
        select(alert_audiences.c.offset)
        .join(mine, mine.c.audience == alert_audiences.c.audience)
        .where(alert_audiences.c.offset == alerts.c.offset, alerts.c.time >= mine.c.since)
        .correlate(alerts)
    )
    return or_(public(), told.exists())
