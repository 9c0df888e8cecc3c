"""Gatherings of the demonstration's year: some fifty, past and to come, with bookings; a few move or are cancelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from services.cli.seed import words
from services.cli.seed.acts import Act, Book, Cancel, Move, Schedule
from services.cli.seed.cast import HOME, LEAD, MEMBER, STAFF
from services.cli.seed.moments import working_moment
from services.cli.seed.register import Entry

PAST, COMING = 32, 20
TOWNS = (
    "Newcastle", "Manchester", "Leeds", "Nottingham", "Birmingham",
    "Cambridge", "London", "Brighton", "Oxford", "Bristol",
)  # fmt: skip
ROOMS = (
    "Larkenfield Hall",
    "Copperdale Centre",
    "the old corn exchange",
    "the postgraduate centre",
    "Thistlewick House",
)
CAPACITIES = {"conference": 120, "course": 16, "workshop": 30, "meeting": 12, "webinar": None}
TOLD_DAYS_AGO = 10
"""In the week of the last newsletter, whatever day it is (reading.py)."""
AT_HOME = ((18, 33), (-40, 35), (62, 63), (9, 40))
"""Gatherings of the named network: days from now, and how many days ahead they are scheduled."""


def gatherings(
    chance: Random, networks: Sequence[Entry], members: Mapping[str, Sequence[str]], now: datetime
) -> list[Act]:
    """What is done about gatherings in the year before *now*. *members* are the people of each network."""
    acts: list[Act] = []
    for number in range(PAST + COMING):
        away = chance.randint(-290, -5) if number < PAST else chance.randint(3, 110)
        ahead = chance.randint(15, 60)
        acts += _gathering(chance, f"event {number}", _holders(chance, networks), away, ahead, members, now)
    home = [network for network in networks if network.name == HOME]
    for number, (away, scheduled) in enumerate(AT_HOME):
        acts += _gathering(chance, f"home {number}", home, away, scheduled, members, now, by=LEAD)
    acts += _moved_after_it_was_told(networks, now)
    return sorted(acts, key=lambda act: act.moment)


def _moved_after_it_was_told(networks: Sequence[Entry], now: datetime) -> list[Act]:
    """A gathering that the last newsletter told of, and that has another room since: a correction is offered."""
    chance, today = Random(TOLD_DAYS_AGO), now.date()
    home = next(network for network in networks if network.name == HOME)
    day = working_moment(chance, today + timedelta(days=40)).date()
    starts = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    fields = {
        "title": "Rehabilitation after stroke: a morning for teams", "kind": "workshop",
        "description": "What helped, told by those who were helped.", "starts_at": starts,
        "ends_at": starts + timedelta(hours=3), "place": "Copperdale Centre, Manchester", "online_url": "",
        "access": "open", "capacity": 30,
    }  # fmt: skip
    told, moved = (working_moment(chance, today - timedelta(days=days)) for days in (TOLD_DAYS_AGO, 2))
    return [
        Schedule(moment=told, by=STAFF, event="moved", networks=(home.name,), fields=fields),
        Move(
            moment=moved, by=STAFF, event="moved", fields={"place": "Larkenfield Hall, Manchester"},
            reason="More people want to come than fit.",
        ),
    ]  # fmt: skip


def _holders(chance: Random, networks: Sequence[Entry]) -> list[Entry]:
    """One network, or two of one care group."""
    first = chance.choice(networks)
    alike = [n for n in networks if n.care_group == first.care_group and n.name != first.name]
    return [first, chance.choice(alike)] if alike and chance.random() < 0.2 else [first]


def _gathering(
    chance: Random, key: str, held_by: Sequence[Entry], away: int, ahead: int,
    members: Mapping[str, Sequence[str]], now: datetime, *, by: str = STAFF,
) -> Iterator[Act]:  # fmt: skip
    """One gathering *away* days from now, scheduled *ahead* days before it takes place."""
    day = (now + timedelta(days=away)).date()
    day += timedelta(days=7 - day.weekday() if day.weekday() > 4 else 0)
    starts = datetime(day.year, day.month, day.day, chance.choice((9, 10, 13, 14)), chance.choice((0, 30)), tzinfo=UTC)
    scheduled = working_moment(chance, min(day - timedelta(days=ahead), (now - timedelta(chance.randint(1, 9))).date()))
    fields = _fields(chance, held_by, starts)
    yield Schedule(moment=scheduled, by=by, event=key, networks=tuple(n.name for n in held_by), fields=fields)
    end = min(starts, now)
    yield from _bookings(chance, key, held_by, members, scheduled, end)
    later = working_moment(chance, (scheduled + (end - scheduled) * chance.uniform(0.6, 0.9)).date())
    fate = chance.random() if end - scheduled > timedelta(days=10) and by == STAFF else 1
    if fate < 0.12:
        yield Cancel(moment=later, by=by, event=key, reason=chance.choice(words.CANCELLED_REASONS))
    elif fate < 0.35 and away > 0:
        moved = {"starts_at": starts + timedelta(days=7), "ends_at": fields["ends_at"] + timedelta(days=7)}
        yield Move(moment=later, by=by, event=key, fields=moved, reason=chance.choice(words.MOVED_REASONS))


def _fields(chance: Random, held_by: Sequence[Entry], starts: datetime) -> dict[str, Any]:
    title, kind, description = chance.choice(words.EVENTS)
    network = held_by[0]
    hours = {"conference": 7, "course": 6, "workshop": 4, "webinar": 1.5}.get(kind, 2)
    group = network.care_group
    town = TOWNS[int(network.bodies[0][1:]) - 30] if len(network.bodies) == 1 else chance.choice(TOWNS)
    online = kind == "webinar"
    return {
        "title": title.format(name=network.name, group=group[:1].upper() + group[1:] if title[0] == "{" else group),
        "kind": kind, "description": description.format(group=group), "starts_at": starts,
        "ends_at": starts + timedelta(hours=hours), "place": "" if online else f"{chance.choice(ROOMS)}, {town}",
        "online_url": f"https://rooms.example/{starts:%Y%m%d}-{chance.randint(100, 999)}" if online else "",
        "access": "open" if chance.random() < 0.75 else "members",
        "capacity": CAPACITIES.get(kind, 25),
    }  # fmt: skip


def _bookings(
    chance: Random, key: str, held_by: Sequence[Entry], members: Mapping[str, Sequence[str]],
    first: datetime, last: datetime,
) -> Iterator[Act]:  # fmt: skip
    """Some of the networks' people book; the named member comes to everything at home."""
    near = sorted({person for network in held_by for person in members.get(network.name, ())})
    at_home = held_by[0].name == HOME
    coming = chance.sample(near, min(len(near), 14 if at_home else chance.randint(0, 4)))
    if at_home and MEMBER not in coming:
        coming = [MEMBER, *coming]
    for person in coming:
        yield Book(moment=first + (last - first) * chance.uniform(0.05, 0.55), by=person, event=key)
