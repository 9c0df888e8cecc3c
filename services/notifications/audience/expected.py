"""Whom something would reach, counted before it is said, by the rule by which it is told then.

Invariants:
1. Each person is counted once: by the strongest form in which any of what is said reaches them, and by the route that
   gives it. Who says it is not counted.
2. Nobody is counted by another rule than `reach`. Who chose nothing is told what is suggested for the strongest of
   their routes; they are counted where they belong, and no row of theirs is fetched. Who chose something (in general,
   for one of the networks, or by muting it) is asked by `reach`'s own words.
3. So it costs a walk through an index for the largest audience, and a little for each person in the others and for
   each who chose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    case,
    exists,
    false,
    func,
    literal,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience.reach import compared, nearness_of
from services.notifications.audience.spoken import spoken
from services.notifications.channels import MAIL, ROUTES, SUGGESTED
from services.notifications.tables import (
    HAS_CHOSEN,
    audience_members,
    choices,
    mutes,
    people,
    preferences,
    suppressions,
)
from shared import clock
from shared.announcement import CHANNELS, KINDS, Announcement, Channel

Condition = ColumnElement[bool]


class Crowd(NamedTuple):
    """Some of those who are concerned: how they are told, by which route, and how many they are.

    *muted*: it is off only because they muted the network. *deaf*: they chose mail, and no mail can be sent to them.
    """

    channel: Channel
    route: str
    people: int = 0
    muted: bool = False
    deaf: bool = False


class _Place(NamedTuple):
    """A route into an audience, and what those who chose nothing are given by it: `<channel><nearness>`."""

    audience: str
    route: str
    plain: str


async def crowds(session: AsyncSession, said: Sequence[Announcement], *, actor: str = "") -> list[Crowd]:
    """Everybody whom *said* would reach if *actor* said it now, also those for whom it is off."""
    told = [each for each in said if each.concerns.audiences()]
    if not told:
        return []
    plain = await _as_suggested(session, told)
    found: Counter[Crowd] = Counter()
    for row in await session.execute(_who_chose(session, told, actor)):
        plain[row.plain] -= row.people
        if not row.acts:
            found[_crowd(row)] += row.people
    for suggested, number in plain.items():
        found[Crowd(_channel(suggested), _route(suggested))] += number
    return [crowd._replace(people=number) for crowd, number in sorted(found.items(), key=_strongest) if number]


def _crowd(row: Any) -> Crowd:
    muted = _channel(row.told) == "off" and _channel(row.heard) != "off"
    return Crowd(_channel(row.told), _route(row.told), muted=muted, deaf=not row.takes_mail)


def _channel(code: str) -> Channel:
    return CHANNELS[int(code[0])]


def _route(code: str) -> str:
    return next(route for route in ROUTES if nearness_of(route) == code[1])


def _strongest(counted: tuple[Crowd, int]) -> tuple[int, int]:
    return -CHANNELS.index(counted[0].channel), ROUTES.index(counted[0].route)


# Who chose nothing


async def _as_suggested(session: AsyncSession, said: Sequence[Announcement]) -> Counter[str]:
    """`plain` → how many people it would be given to, had nobody chosen anything."""
    places = _places(said)
    sizes = {(audience, route): number for audience, route, number in await session.execute(_sizes(places))}
    sized = [place for place in places if sizes.get((place.audience, place.route))]
    largest = max(sized, key=lambda place: sizes[place.audience, place.route], default=None)
    others = [place for place in places if place != largest and (place in sized or place.route == "person")]
    counted = Counter({largest.plain: sizes[largest.audience, largest.route]} if largest else {})
    for plain, is_there, number in await session.execute(_standing(others, largest)) if others else ():
        if is_there and largest:
            counted[largest.plain] -= number
            plain = max(plain, largest.plain)
        counted[plain] += number
    return counted


def _places(said: Iterable[Announcement]) -> list[_Place]:
    """Every route into every audience that is told, with the strongest that is suggested there."""
    found: dict[tuple[str, str], str] = {}
    for each in said:
        kind = KINDS.index(each.category)
        for audience in each.concerns.audiences():
            for route, suggested in SUGGESTED.items():
                plain = suggested[kind] + nearness_of(route)
                found[audience, route] = max(plain, found.get((audience, route), ""))
    return [_Place(audience, route, plain) for (audience, route), plain in found.items() if _leads(audience, route)]


def _leads(audience: str, route: str) -> bool:
    """Whether a route can lead into an audience: two need no rows, and lead into theirs alone."""
    special = {"everyone": "everyone", "person": "person:"}
    mine = next((name for name, prefix in special.items() if audience.startswith(prefix)), "")
    return route == mine if mine else route not in special


def _sizes(places: Sequence[_Place]) -> CompoundSelect[str, str, int]:
    """(audience, route, how many people are there) of the places that people have rows for, and of everybody."""
    stored = sorted({place.audience for place in places if place.route not in ("person", "everyone")})
    is_all = any(place.route == "everyone" for place in places)
    everyone = select(literal("everyone"), literal("everyone"), func.count()).select_from(people)
    return union_all(*map(_size, stored), everyone.where(_is_known() if is_all else false()))


def _size(audience: str) -> Select[str, str, int]:
    """Each route's people once. One audience at a time, because an index has its people in order: nothing is sorted."""
    members = audience_members.c
    there = func.count(members.person_id.distinct())
    return select(literal(audience), members.route, there).where(*_stand_in([audience])).group_by(members.route)


def _standing(places: Sequence[_Place], largest: _Place | None) -> Select[str, bool, int]:
    """(the strongest `plain`, whether they are in the *largest* place too, how many) of the people in *places*."""
    by_plain = [
        select(literal(plain).label("plain"), _people_in(list(same)).subquery().c.id)
        for plain, same in groupby(sorted(places, key=lambda place: place.plain), key=lambda place: place.plain)
    ]
    every = union_all(*by_plain).subquery()
    each = select(every.c.id, func.max(every.c.plain).label("plain")).group_by(every.c.id).subquery()
    is_there = exists(_people_in([largest], each.c.id)) if largest else false()
    standing = select(each.c.plain, is_there.label("is_there")).subquery()
    return select(standing.c.plain, standing.c.is_there, func.count()).group_by(standing.c.plain, standing.c.is_there)


def _people_in(places: Sequence[_Place], person_id: ColumnElement[str] | None = None) -> Select[str]:
    """The ids of the people in *places*, all of one route; *person_id*: of this one alone."""
    route, audiences = places[0].route, {place.audience for place in places}
    members = audience_members.c
    if route in ("person", "everyone"):
        which = _is_known() if route == "everyone" else people.c.id.in_([a.partition(":")[2] for a in audiences])
        query = select(people.c.id).where(which)
        return query if person_id is None else query.where(people.c.id == person_id)
    query = select(members.person_id.label("id")).where(members.route == route, *_stand_in(audiences))
    return query if person_id is None else query.where(members.person_id == person_id)


def _stand_in(audiences: Iterable[str]) -> tuple[Condition, ...]:
    members = audience_members.c
    return members.audience.in_(sorted(audiences)), members.active, members.since <= clock.now()


def _is_known() -> Condition:
    return people.c.known_since <= clock.now()


# Who chose


def _who_chose(session: AsyncSession, said: Sequence[Announcement], actor: str) -> Select[Any]:
    """(told, heard, plain, acts, takes_mail, people) of those who chose something, and of *actor*, who is not told."""
    chose = _chose(said, actor).cte("chose").prefix_with("MATERIALIZED")
    kinds = {audience.partition(":")[0] for each in said for audience in each.concerns.audiences()}
    each = compared(spoken(session, said), chose, kinds=kinds).subquery()
    mailed = func.substr(each.c.told, 1, 1) == MAIL
    takes_mail = case((mailed, _has_address(each.c.person_id)), else_=true()).label("takes_mail")
    acts = (each.c.person_id == actor).label("acts")
    counted = select(each.c.told, each.c.heard, each.c.plain, acts, takes_mail).subquery()
    return select(*counted.c, func.count().label("people")).group_by(*counted.c)


def _chose(said: Iterable[Announcement], actor: str) -> CompoundSelect[str]:
    """The ids of all who chose something that may matter, and *actor*'s."""
    networks = sorted({network for each in said for network in (each.network, *each.concerns.networks)})
    return union(
        select(preferences.c.person_id).where(HAS_CHOSEN),
        select(choices.c.person_id).where(choices.c.network_id.in_(networks)),
        select(mutes.c.person_id).where(mutes.c.network_id.in_(networks)),
        select(literal(actor)),
    )


def _has_address(person_id: ColumnElement[str]) -> Condition:
    address = func.lower(people.c.email)
    takes = address != "", address.not_in(select(suppressions.c.address))
    return exists(select(people.c.id).where(people.c.id == person_id, *takes))
