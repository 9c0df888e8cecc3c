"""Audiences: who belongs to `network:<id>`, `body:<code>`, `care_group:<name>`, `staff`.

`person:<id>` and `everyone` need no rows. A person belongs to an audience by one or several sources (a role, their
record, their own choice); each is a row of its own, so that the end of one does not end the others.

Invariant: whoever's audiences or mutes change is named on the channel `readers` after the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Subquery, Text, case, delete, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import audience_members as members
from services.notifications.tables import people
from shared.db import UtcDateTime, broadcast_after_commit, upsert

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
ROUTES = ("person", "role", "member", "follow", "officer", "interest", "staff", "everyone")
"""In the order in which they explain why somebody was told: the nearest first."""


def belonging(
    audience: str, person_id: str, *, source: str, route: str, since: datetime, revision: int = 0, active: bool = True
) -> dict[str, Any]:
    """A row of `audience_members`."""
    return {
        "audience": audience, "person_id": person_id, "source": source, "route": route,
        "since": since, "revision": revision, "active": active,
    }  # fmt: skip


async def put(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Write belongings. A row of an older revision changes nothing; who stays keeps the moment they came."""
    if not rows:
        return
    newest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: int(row["revision"])):
        identity = (row["audience"], row["person_id"], row["source"])
        stays = identity in newest and newest[identity]["active"]
        newest[identity] = {**row, "since": newest[identity]["since"]} if stays else row
    insert = upsert(session, members)
    new = insert.excluded
    statement = insert.on_conflict_do_update(
        index_elements=[members.c.audience, members.c.person_id, members.c.source],
        set_={
            "route": new.route, "revision": new.revision, "active": new.active,
            "since": case((members.c.active, members.c.since), else_=new.since),
        },
        where=members.c.revision <= new.revision,
    )  # fmt: skip
    await session.execute(statement, list(newest.values()))
    changed(session, (row["person_id"] for row in rows))


async def keep_only(session: AsyncSession, person_id: str, source: str, audiences: Iterable[str]) -> None:
    """End what *source* gave this person, except *audiences*."""
    mine = (members.c.person_id == person_id, members.c.source == source)
    await session.execute(delete(members).where(*mine, members.c.audience.not_in(list(audiences))))
    changed(session, [person_id])


def changed(session: AsyncSession, person_ids: Iterable[str]) -> None:
    """Say, after the commit, that the audiences or mutes of these people are to be loaded again."""
    said: set[str] = session.info.setdefault("readers_changed", set())
    for person_id in dict.fromkeys(person_ids):
        if person_id not in said:
            said.add(person_id)
            broadcast_after_commit(session, "readers", orjson.dumps({"person_id": person_id}))


def audiences_of(person_id: str) -> Subquery:
    """`audience`, `route`, `since`: every audience of one person, the two that need no rows included."""
    stored = (
        select(members.c.audience, members.c.route, func.min(members.c.since).label("since"))
        .where(members.c.person_id == person_id, members.c.active)
        .group_by(members.c.audience, members.c.route)
    )
    known = select(people.c.known_since).where(people.c.id == person_id).scalar_subquery()
    always = literal(ALWAYS, UtcDateTime())
    own = select(_text(f"person:{person_id}"), _text("person"), always)
    everyone = select(_text("everyone"), _text("everyone"), func.coalesce(known, always))
    return union_all(stored, own, everyone).subquery("mine")


def _text(value: str) -> ColumnElement[str]:
    return literal(value, Text())


async def routes_of(session: AsyncSession, person_id: str) -> list[tuple[str, str]]:
    """(audience, route), the nearest route of each audience, in the order of the routes."""
    mine = audiences_of(person_id)
    rows = sorted((await session.execute(select(mine.c.audience, mine.c.route))).all(), key=lambda r: _nearness(r[1]))
    nearest: dict[str, str] = {}
    for audience, route in rows:
        nearest.setdefault(audience, route)
    return list(nearest.items())


def _nearness(route: str) -> int:
    return ROUTES.index(route)


def chosen(*sources: str) -> ColumnElement[bool]:
    """Rows that come from one of these sources."""
    return or_(*(members.c.source == source for source in sources))


def reason_of(mine: Subquery) -> ColumnElement[str]:
    """`<nearness>|<route>|<audience>`: the smallest is why somebody was told."""
    nearness = case({route: str(number) for number, route in enumerate(ROUTES)}, value=mine.c.route)
    return nearness.concat("|").concat(mine.c.route).concat("|").concat(mine.c.audience)


def sentence(route: str, audience: str, network_name: str) -> str:
    """Why somebody was told, as they read it."""
    name = audience.partition(":")[2]
    network = network_name or "this network"
    return {
        "person": "because it concerns you",
        "role": f"because you hold a role in {network}",
        "member": f"because you are a member of {network}",
        "follow": f"because you follow {network}",
        "officer": f"because you are an officer of {name}",
        "interest": f"because you are interested in {name.replace('_', ' ')}",
        "staff": "because you are staff",
        "everyone": "because it is for everyone",
    }[route]


async def sizes(session: AsyncSession, audiences: Sequence[str]) -> dict[str, int]:
    """How many people belong to each audience now; `everyone` is everybody with an account."""
    query = (
        select(members.c.audience, func.count(members.c.person_id.distinct()))
        .where(members.c.audience.in_(audiences), members.c.active)
        .group_by(members.c.audience)
    )
    found: dict[str, int] = {row[0]: row[1] for row in await session.execute(query)}
    if "everyone" in audiences:
        found["everyone"] = (await session.execute(select(func.count()).select_from(people))).scalar_one()
    return {a: 1 if a.startswith("person:") else found.get(a, 0) for a in audiences}
