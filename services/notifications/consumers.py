"""What this service learns from the others: who is who, who belongs where, and what is to be told.

Projections are declared before announcements in app.py, and so come first for a message that is both: who joins is
told that they joined. Between topics there is no order; that is why a belonging counts from a moment, not an offset.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import alerts, audience, digest
from services.notifications.commands.erasure import forget
from services.notifications.commands.overtaken import keep_true
from services.notifications.commands.successions import merge_choices, part_choices
from services.notifications.delivery.fanning import order_fanouts
from services.notifications.matching import order_webhooks
from services.notifications.tables import networks, people, preferences
from shared.auth import Principal
from shared.envelope import Envelope
from shared.rows import upsert_newer


class _Person(BaseModel):
    id: str
    revision: int
    name: str
    email: str
    is_staff: bool
    bodies: list[str]
    interests: list[str]


class _Membership(BaseModel):
    id: str
    revision: int
    network_id: str
    person_id: str
    role: str
    status: str
    continued_in: str = ""
    told_since: datetime | None = None


class _Succession(BaseModel):
    kind: str
    source: str
    target: str


class _Network(BaseModel):
    id: str
    revision: int
    name: str
    slug: str
    care_group: str


async def on_announcements(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Tell what is announced to whoever has the pages open."""
    await alerts.tell(session, messages)


async def after_announcements(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """And to the others: who is to be reached outside the pages, webhooks, the newsletter's draft.

    The draft is last, because it holds the lock that the next alert waits for.
    """
    told = await alerts.told_of(session, messages)
    if told:
        await alerts.keep_contents(session, told, messages)
        await order_fanouts(session, [row["offset"] for row in told])
        await order_webhooks(session, told)
        await digest.add_to_draft(session, told)
        await keep_true(session, told)


async def on_networks(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep the names and care groups of networks."""
    await upsert_newer(session, networks, [_Network.model_validate(m.state).model_dump() for m in messages if m.data])


async def on_memberships(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep who belongs to which network, as what.

    Whose network became part of another belongs to the old one too: it is silent, and what it said stays readable.
    """
    said = [(_Membership.model_validate(m.state), m.time) for m in messages if m.data]
    rows = [
        audience.belonging(
            f"network:{role.network_id}", role.person_id, source=role.id, revision=role.revision,
            since=role.told_since or time, route="member" if role.role == "member" else "role",
            active=role.status == "active" or bool(role.continued_in),
        )
        for role, time in said
    ]  # fmt: skip
    await audience.put(session, rows)


async def on_successions(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Let what people chose for a network hold for the one that it became part of, and back when that is undone."""
    for message in messages:
        said, by = _Succession.model_validate(message.state), Principal(message.actor)
        if said.kind == "merge":
            await merge_choices(session, source=said.source, target=said.target, moment=message.time, by=by)
        elif said.kind == "parting":
            await part_choices(session, source=said.source, target=said.target, by=by)


async def on_people(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep names, addresses, offices and interests; forget the erased, whatever came before in the same batch."""
    erased = {message.key for message in messages if message.data is None}
    for person_id in erased:
        await forget(session, person_id)
    said = [(_Person.model_validate(m.state), m) for m in messages if m.data and m.key not in erased]
    said = await _newer(session, said)
    known = await _known_since(session, [person.id for person, _ in said])
    rows = [
        {**person.model_dump(include={"id", "revision", "name", "email"}), "known_since": known.get(person.id, m.time)}
        for person, m in said
    ]
    await upsert_newer(session, people, rows)
    await audience.changed(session, [row["id"] for row in rows])
    await _keep_standing(session, said)


async def _newer(session: AsyncSession, said: list[tuple[_Person, Envelope]]) -> list[tuple[_Person, Envelope]]:
    """The newest word on each person, where it is newer than what is stored."""
    ids = [person.id for person, _ in said]
    rows = await session.execute(select(people.c.id, people.c.revision).where(people.c.id.in_(ids)))
    stored = {row.id: row.revision for row in rows}
    newest = {person.id: (person, m) for person, m in sorted(said, key=lambda pair: pair[0].revision)}
    return [pair for pair in newest.values() if stored.get(pair[0].id, -1) < pair[0].revision]


async def _known_since(session: AsyncSession, ids: list[str]) -> dict[str, object]:
    rows = await session.execute(select(people.c.id, people.c.known_since).where(people.c.id.in_(ids)))
    return {row.id: row.known_since for row in rows}


async def _keep_standing(session: AsyncSession, said: list[tuple[_Person, Envelope]]) -> None:
    """The audiences that a person's record gives: the bodies they are an officer of, staff, interests."""
    ids = [person.id for person, _ in said]
    chose = select(preferences.c.person_id).where(preferences.c.person_id.in_(ids), preferences.c.interests_chosen)
    chosen = set((await session.execute(chose)).scalars())
    rows = []
    for person, message in said:
        standing = {f"body:{code}": "officer" for code in person.bodies}
        if person.is_staff:
            standing["staff"] = "staff"
        if person.id not in chosen:
            standing |= {f"care_group:{group}": "interest" for group in person.interests}
        await audience.keep_only(session, person.id, "record", standing)
        rows += [
            audience.belonging(
                key, person.id, source="record", route=route, revision=person.revision, since=message.time
            )
            for key, route in standing.items()
        ]  # fmt: skip
    await audience.put(session, rows)
