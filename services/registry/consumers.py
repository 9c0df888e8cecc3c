"""What the register learns from others, and judges networks by: who holds which role, what people are, evidence.

A message matters where a standard in force looks at what it touches (`subjects_of` in schemas/rules.py); the register's
own messages come back by the log like any other, so that no command need remember to have its network judged, compared
with its neighbours, or matched with what people look for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import BaseModel
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import commands
from services.registry.commands.assessing import assess, assess_stale
from services.registry.commands.brought_evidence import caused_by, take_evidence
from services.registry.commands.columns import forget_columns
from services.registry.commands.health import Cause
from services.registry.facts import standards_in_force, subjects
from services.registry.tables import Link, Person, Profession, Role
from shared.boundary import forget_answers
from shared.db import among
from shared.envelope import Envelope
from shared.rows import upsert_newer

STANDING_FIELDS = {"stage", "archived"}
"""Fields of a record that decide by which standards it is judged."""


class _Membership(BaseModel):
    id: str
    revision: int
    network_id: str
    person_id: str
    role: str
    since: date
    until: date | None
    status: str


class _Person(BaseModel):
    id: str
    revision: int
    name: str
    professions: list[str] = []


async def on_memberships(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep who holds which role, and judge the networks to whose standards it matters."""
    held = [(_Membership.model_validate(m.state), m) for m in messages if m.data]
    await commands.keep_roles(session, [role.model_dump() for role, _ in held])
    looked_at = subjects(await standards_in_force(session))
    causes: dict[str, list[Cause]] = {}
    for role, message in held:
        if about := looked_at & {f"role:{role.role}", "professions"}:
            causes.setdefault(role.network_id, []).append(caused_by(message, *about))
    await assess(session, causes)


async def on_people(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep names and professions; forget the erased, whatever came before in the same batch."""
    erased = {message.key for message in messages if message.data is None}
    said = {m.state["id"]: (_Person.model_validate(m.state), m) for m in messages if m.data and m.key not in erased}
    newer = await _newer(session, {key: person for key, (person, _) in said.items()})
    rows = [person.model_dump(exclude={"professions"}) for person in newer.values()]
    await upsert_newer(session, Person.__table__, rows)  # type: ignore[arg-type]
    await session.execute(delete(Person).where(Person.id.in_(erased)))
    await commands.forget_searches(session, erased)
    await forget_columns(session, erased)
    await forget_answers(session, erased)
    causes = {key: caused_by(said[key][1], "professions") for key in newer}
    causes |= {message.key: caused_by(message, "professions") for message in messages if message.data is None}
    await _keep_professions(session, newer, causes)
    await commands.end_roles(session, erased)  # last: what they were is judged by where they belonged


async def on_networks(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Judge what changed by its standards; look again at what it overlaps with and which saved searches it matches."""
    looked_at = subjects(await standards_in_force(session))
    watched = {subject.removeprefix("field:") for subject in looked_at}
    causes: dict[str, list[Cause]] = {}
    if "links" in looked_at:
        causes |= await _neighbours(session, [m for m in messages if "archived" in _changed(m)])
    for message in messages:
        if changed := _changed(message) & (watched | STANDING_FIELDS):
            causes.setdefault(message.key, []).append(caused_by(message, *(f"field:{name}" for name in changed)))
    await assess(session, causes)
    compared = [message.key for message in messages if commands.COMPARED & _changed(message)]
    await commands.networks_changed(session, compared)
    await commands.tell_of_matches(session, messages)


async def on_links(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Judge the networks at both ends of links, where a standard looks at links."""
    if "links" not in subjects(await standards_in_force(session)):
        return
    causes: dict[str, list[Cause]] = {}
    for message in messages:
        for end in ("network_id", "other_id"):
            causes.setdefault(message.state[end], []).append(caused_by(message, "links"))
    await assess(session, causes)


async def on_standards(session: AsyncSession, _messages: Sequence[Envelope]) -> None:
    """Judge the first networks by the new edition at once; turning.py sees to the others."""
    await assess_stale(session)


async def on_any(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Take as evidence whatever a standard says is evidence, from whichever service."""
    await take_evidence(session, messages)


def _changed(message: Envelope) -> set[str]:
    return set((message.data or {}).get("changes") or {})


async def _neighbours(session: AsyncSession, messages: Sequence[Envelope]) -> dict[str, list[Cause]]:
    """The networks linked to those that *messages* took off the register, or put back."""
    because = {message.key: caused_by(message, "links") for message in messages}
    found: dict[str, list[Cause]] = {}
    for here, there in ((Link.network_id, Link.other_id), (Link.other_id, Link.network_id)):
        for one, other in await session.execute(select(here, there).where(among(session, there, list(because)))):
            found.setdefault(one, []).append(because[other])
    return found


async def _newer(session: AsyncSession, said: Mapping[str, _Person]) -> dict[str, _Person]:
    """Of each person the last word, where it is newer than what is kept."""
    query = select(Person.id, Person.revision).where(among(session, Person.id, list(said)))
    kept = dict((await session.execute(query)).all())
    return {key: person for key, person in said.items() if kept.get(key, -1) < person.revision}


async def _keep_professions(session: AsyncSession, people: Mapping[str, _Person], causes: Mapping[str, Cause]) -> None:
    ids = list(causes)
    query = select(Profession.person_id, Profession.profession).where(among(session, Profession.person_id, ids))
    kept = set((await session.execute(query)).all())
    now = {(key, name) for key, person in people.items() for name in person.professions}
    differing = {person_id for person_id, _ in kept ^ now}
    if not differing:
        return
    await session.execute(delete(Profession).where(among(session, Profession.person_id, list(differing))))
    rows = [{"person_id": key, "profession": name} for key, name in sorted(now) if key in differing]
    if rows:
        await session.execute(insert(Profession), rows)
    if "professions" in subjects(await standards_in_force(session)):
        where = select(Role.network_id, Role.person_id).where(
            among(session, Role.person_id, list(differing)), Role.status == "active"
        )
        found: dict[str, list[Cause]] = {}
        for network_id, person_id in await session.execute(where):
            found.setdefault(network_id, []).append(causes[person_id])
        await assess(session, found)
