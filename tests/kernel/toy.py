"""A service of three lines that knows nothing of any other: what the kernel's tests drive."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, Integer, MetaData, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.announcement import Announcement, Concerns
from shared.contracts import Contract, State
from shared.db import Database, kernel
from shared.envelope import Envelope, new_id
from shared.outbox import change, publish
from shared.rows import upsert_newer

TOPIC = "toy.things"
metadata = MetaData()
things = Table(
    "things",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("name", Text, nullable=False),
)


class ThingState(State):
    """A thing."""

    name: str


THING_MADE = Contract(TOPIC, "networks.toy.thing.made.v1", ThingState, "A thing was made.")


class Poison(Exception):
    """This handler cannot take the thing."""


async def make_thing(session: AsyncSession, *, name: str, key: str = "", revision: int = 1, minor: bool = False) -> str:
    """Make a thing and say so; returns the message's id."""
    identity = key or new_id()
    announcement = Announcement(
        headline=f"New thing: {name}", path=f"/things/{identity}", concerns=Concerns(staff=True)
    )
    said = change(
        THING_MADE, ThingState(id=identity, revision=revision, name=name), key=identity, announcement=announcement,
        minor=minor,
    )  # fmt: skip
    await publish(session, said)
    return said.envelope.id


async def on_things(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Keep the newest of each thing; a thing called poison cannot be kept."""
    if any(m.state["name"] == "poison" for m in messages):
        raise Poison("the name is poison")
    rows = [{"id": m.subject, "revision": m.revision, "name": m.state["name"]} for m in messages]
    await upsert_newer(session, things, rows)


async def create_tables(database: Database) -> None:
    """Make the kernel's tables and the toy's."""
    await database.create()
    async with database.writer.begin() as connection:
        for tables in (metadata, kernel):
            await connection.run_sync(tables.drop_all)
            await connection.run_sync(tables.create_all)


async def names(database: Database) -> list[str]:
    """The names of all things kept, in order."""
    async with database.reading() as session:
        return sorted((await session.execute(select(things.c.name))).scalars())
