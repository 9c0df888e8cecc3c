"""Belonging: who is in `network:<id>`, `body:<code>`, `care_group:<name>`, `staff`.

`person:<id>` and `everyone` need no rows. A person belongs to an audience by one or several sources (a role, their
record, their own choice); each is a row of its own, so that the end of one does not end the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Subquery,
    Text,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience.readers import changed
from services.notifications.channels import ROUTES
from services.notifications.tables import audience_members as members
from services.notifications.tables import people, preferences
from shared.db import UtcDateTime, among, upsert

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
Asked = str | ColumnElement[str]
"""About whom something is asked: their id, or the parameter of a statement that is made once for everybody."""
ASKED: BindParameter[str] = bindparam("asked", type_=Text())
"""That parameter. To build these statements takes longer than to answer them; ten thousand streams opening ask each."""


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
    people_ids = list(dict.fromkeys(row["person_id"] for row in rows))
    await _mark_eager(session, people_ids)
    await changed(session, people_ids)


async def keep_only(session: AsyncSession, person_id: str, source: str, audiences: Iterable[str]) -> None:
    """End what *source* gave this person, except *audiences*."""
    mine = (members.c.person_id == person_id, members.c.source == source)
    ended = await session.execute(delete(members).where(*mine, members.c.audience.not_in(list(audiences))))
    if ended.rowcount:  # type: ignore[attr-defined]
        await changed(session, [person_id])


async def _mark_eager(session: AsyncSession, person_ids: Sequence[str]) -> None:
    """New rows of people who are reached outside the pages say so too: fanning out looks at those rows alone."""
    eager = select(preferences.c.person_id).where(among(session, preferences.c.person_id, person_ids))
    theirs = members.c.person_id.in_(eager.where(preferences.c.eager)), ~members.c.eager
    await session.execute(update(members).where(*theirs).values(eager=True))


def audiences_of(person_id: Asked) -> Subquery:
    """`audience`, `route`, `since`: every audience of one person, the two that need no rows included."""
    person = _text(person_id) if isinstance(person_id, str) else person_id
    stored = (
        select(members.c.audience, members.c.route, func.min(members.c.since).label("since"))
        .where(members.c.person_id == person, members.c.active)
        .group_by(members.c.audience, members.c.route)
    )
    known = select(people.c.known_since).where(people.c.id == person).scalar_subquery()
    always = literal(ALWAYS, UtcDateTime())
    own = select(_text("person:").concat(person), _text("person"), always)
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
