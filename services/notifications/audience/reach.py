"""The one rule: who is told of something, in which form, and why.

    a change ─▶ the audiences it concerns ─▶ each person's routes ─▶ a channel for each route ─▶ the strongest

Invariants:
1. Nothing else decides. The inbox, mail, browser notifications, summaries and whoever counts before something is said
   ask `reach`; the live streams look up what `rules_of` gave them.
2. One alert has one form for one person, however many routes lead to them: the strongest channel that a route gives.
   Of several routes that give it the nearest explains it.
3. A route gives what the person chose for that network, else what they chose in general, else what is suggested for
   the route. What concerns a person by name is never off by a general choice; a muted network is off by any route.
   For a route by a network's audience the network is that one, for every other route the first that is concerned,
   or that it is about.
4. Nobody is told what happened before they came.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    case,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from services.notifications.audience.belonging import ALWAYS, ASKED, Asked, audiences_of
from services.notifications.audience.ordered import InOrder, looked_at_last
from services.notifications.channels import ALL_OFF, LIVE, OFF, ROUTES, SUGGESTED
from services.notifications.tables import (
    alert_audiences,
    alerts,
    audience_members,
    choices,
    mutes,
    people,
    preferences,
)
from shared.announcement import KINDS
from shared.db import UtcDateTime

Condition = ColumnElement[bool]
Who = Callable[[ColumnElement[str]], Condition]


class Matter(NamedTuple):
    """What is told, stored or not: `said` has offset, category, network_id, time; `told` has offset, audience."""

    said: FromClause
    told: FromClause


STORED = Matter(alerts, alert_audiences)


class Best(NamedTuple):
    """How somebody is told: the channel's digit, and the route and audience that give it."""

    channel: str
    route: str
    audience: str

    @classmethod
    def of(cls, text: str) -> Best:
        """From the column `best` of `reach`."""
        digits, route, audience = text.split("|", 2)
        return cls(digits[0], route, audience)


def reach(
    matter: Matter = STORED, *, person_id: Asked | None = None, who: Who | None = None, where: Sequence[Condition] = ()
) -> Select[int, str, str]:
    """(offset, person_id, best) of everybody whom *matter* reaches, also of those for whom it is off.

    *person_id* or *who* say about whom it is asked, *where* about what of the matter.
    """
    ways = _everybody(matter).values() if person_id is None else [(_mine(person_id), _by_audience)]
    found = union_all(
        *(
            _routes(way, joined(way, matter.told), matter, _best).where(*where, *((who(way.person_id),) if who else ()))
            for way, joined in ways
        )
    ).subquery("routes")
    best = func.max(_exact(found.c.best)).label("best")
    return select(found.c.offset, found.c.person_id, best).group_by(found.c.offset, found.c.person_id)


def nearness_of(route: str) -> str:
    """The digit by which the nearer of two routes explains a channel that both give."""
    return str(9 - ROUTES.index(route))


def is_told(best: ColumnElement[str]) -> Condition:
    """Whether it is not off."""
    return func.substr(best, 1, 1) != OFF


def compared(matter: Matter, whom: FromClause, *, kinds: Collection[str]) -> Select[str, str, str, str]:
    """(person_id, told, heard, plain) of each of *whom* whom *matter* reaches, of all it tells the strongest.

    *kinds* are those of its audiences: `network`, `person`, `everyone` and so on.

    Each is `<channel><nearness>`: `heard` what `told` would be had they muted nothing, `plain` had they chosen nothing.
    """
    ways = _everybody(matter)
    needed = [ways["members"], *(ways[kind] for kind in ("person", "everyone") if kind in kinds)]
    found = union_all(
        *(
            _routes(
                way, joined(way._replace(audience=looked_at_last(way.audience)), matter.told), matter,
                _muted, _heard, _plain, whom=whom,
            )
            for way, joined in needed
        )
    ).subquery("routes")  # fmt: skip
    given = {"told": _silenced(found.c.muted, found.c.heard), "heard": found.c.heard, "plain": found.c.plain}
    strongest = (func.max(_exact(code)).label(name) for name, code in given.items())
    return select(found.c.person_id, *strongest).group_by(found.c.person_id)


class Rules(NamedTuple):
    """What the live streams know of a reader.

    `audiences`: for each route through an audience (since when, `best` for each kind that names no network).
    `networks`: what the reader chose for single networks, which goes before that for routes of another kind.
    """

    audiences: dict[str, list[tuple[datetime, list[str]]]]
    networks: dict[str, str]


async def rules_of(session: AsyncSession, person_id: str) -> Rules:
    """The rules of one reader."""
    asked = {"asked": person_id}
    found: dict[tuple[str, str], tuple[datetime, dict[str, str]]] = {}
    for audience, route, since, kind, best in await session.execute(_rules(), asked):
        found.setdefault((audience, route), (since, {}))[1][kind] = best
    audiences: dict[str, list[tuple[datetime, list[str]]]] = {}
    for (audience, _), (since, bests) in found.items():
        audiences.setdefault(audience, []).append((since, [bests[kind] for kind in KINDS]))
    chosen = await session.execute(_CHOSEN, asked)
    muted = await session.execute(_MUTED, asked)
    return Rules(audiences, {row[0]: row[1] for row in chosen} | dict.fromkeys(muted.scalars(), ALL_OFF))


_CHOSEN = select(choices.c.network_id, choices.c.forms).where(choices.c.person_id == ASKED)
_MUTED = select(mutes.c.network_id).where(mutes.c.person_id == ASKED)


@cache
def _rules() -> Select[str, str, datetime, str, str]:
    """Of ASKED: each route, since when, and what it gives for a matter of each kind."""
    mine, kinds = _mine(ASKED), _kinds()
    source = _with_choices(mine, kinds, mine.source.join(kinds, true()))
    return select(mine.audience, mine.route, mine.since, kinds.c.category, _best(mine, kinds)).select_from(source)


# How it is asked


class _Way(NamedTuple):
    """Rows that lead from an audience to people."""

    source: FromClause
    audience: ColumnElement[str]
    person_id: ColumnElement[str]
    route: ColumnElement[str]
    since: ColumnElement[datetime]


Joined = Callable[[_Way, FromClause], Condition]
Given = Callable[[_Way, FromClause], ColumnElement[Any]]


def _mine(person_id: Asked) -> _Way:
    mine = audiences_of(person_id)
    person = literal(person_id, Text()) if isinstance(person_id, str) else person_id
    return _Way(mine, mine.c.audience, person, mine.c.route, mine.c.since)


def _by_audience(way: _Way, told: FromClause) -> Condition:
    return way.audience == told.c.audience


def _everybody(matter: Matter) -> dict[str, tuple[_Way, Joined]]:
    m, p = audience_members.c, people.c
    named, everyone = literal("person", Text()), literal("everyone", Text())
    always = literal(ALWAYS, UtcDateTime())
    return {
        "members": (
            _Way(audience_members, m.audience, m.person_id, m.route, m.since),
            lambda way, told: and_(_by_audience(way, told), m.active),
        ),
        "person": (
            _Way(people, matter.told.c.audience, p.id, named, always),
            lambda _, told: and_(told.c.audience.like("person:%"), p.id == func.substr(told.c.audience, 8)),
        ),
        "everyone": (_Way(people, everyone, p.id, everyone, p.known_since), _by_audience),
    }


def _routes(way: _Way, joined: Condition, matter: Matter, *given: Given, whom: FromClause | None = None) -> Select[Any]:
    """One row for each route: the alert, the person, and what is *given*; of *whom*, person by person."""
    said, told = matter
    same = said.c.offset == told.c.offset
    if whom is None:
        source, where = told.join(way.source, joined).join(said, same), [said.c.time >= way.since]
    else:
        source = InOrder(InOrder(InOrder(whom, told), said), way.source)
        where = [way.person_id == whom.c.person_id, joined, same, said.c.time >= way.since]
    columns = (each(way, said).label(each.__name__.strip("_")) for each in given)
    return (
        select(said.c.offset, way.person_id.label("person_id"), *columns)
        .select_from(_with_choices(way, said, source))
        .where(*where)
    )


def _with_choices(way: _Way, said: FromClause, source: FromClause) -> FromClause:
    network = case((way.audience.like("network:%"), func.substr(way.audience, 9)), else_=said.c.network_id)
    source = source.outerjoin(preferences, preferences.c.person_id == way.person_id)
    for table in (choices, mutes):
        source = source.outerjoin(table, and_(table.c.person_id == way.person_id, table.c.network_id == network))
    return source


def _best(way: _Way, said: FromClause) -> ColumnElement[str]:
    """`<channel><nearness>|<route>|<audience>`: the largest of several routes is how and why somebody is told."""
    told = _silenced(_muted(way, said), _heard(way, said))
    return told.concat("|").concat(way.route).concat("|").concat(way.audience)


def _silenced(muted: Condition, heard: ColumnElement[str]) -> ColumnElement[str]:
    """What a route gives whose network is, or is not, muted."""
    return case((muted, literal(OFF).concat(func.substr(heard, 2))), else_=heard)


def _muted(_way: _Way, _said: FromClause) -> Condition:
    """Whether the route's network is muted."""
    return mutes.c.network_id.is_not(None)


def _heard(way: _Way, said: FromClause) -> ColumnElement[str]:
    """`<channel><nearness>` that a route gives whose network is not muted."""
    return _code(way, _chosen(way, said))


def _plain(way: _Way, said: FromClause) -> ColumnElement[str]:
    """The same where nothing is chosen."""
    return _code(way, func.substr(case(SUGGESTED, value=way.route), _place(said), 1))


def _code(way: _Way, channel: ColumnElement[str]) -> ColumnElement[str]:
    return channel.concat(case({route: nearness_of(route) for route in ROUTES}, value=way.route))


def _chosen(way: _Way, said: FromClause) -> ColumnElement[str]:
    """The channel that a route gives where the network is not muted."""
    place, suggested = _place(said), case(SUGGESTED, value=way.route)
    general = func.coalesce(
        func.nullif(func.substr(preferences.c.forms, place, 1), "."), func.substr(suggested, place, 1)
    )
    kept = case((and_(way.route == "person", general == OFF), LIVE), else_=general)
    return func.coalesce(func.nullif(func.substr(choices.c.forms, place, 1), "."), kept)


def _place(said: FromClause) -> ColumnElement[int]:
    """The place of a kind's digit in a choice."""
    if "place" in said.c:
        return said.c.place
    return case({kind: number for number, kind in enumerate(KINDS, start=1)}, value=said.c.category, else_=1)


def _kinds() -> FromClause:
    """One matter of each kind that names no network."""
    texts = ({"category": kind, "network_id": ""} for kind in KINDS)
    return union_all(*(select(*(literal(v, Text()).label(n) for n, v in row.items())) for row in texts)).subquery(
        "kinds"
    )


class _exact(FunctionElement[str]):
    """Text compared letter by letter, as Python does, whatever the database's language."""

    inherit_cache = True
    type = Text()


@compiles(_exact)
def _as_it_is(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(_exact, "postgresql")
def _in_c(element: Any, compiler: Any, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)}) COLLATE "C"'
