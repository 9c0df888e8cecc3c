"""One database a service: an SQLite file, or a PostgreSQL database.

Invariants:
1. Only a boundary opens a transaction and commits it: `Database.transaction()`. Commands never commit.
2. What must happen after the commit (waking the relay, a broadcast) is registered with `after_commit` and is a
   hint (shared/hints.py): it may fail or be lost with the process, so something else must guarantee the effect.
3. On SQLite there is one writing connection and every write begins IMMEDIATE: without that, concurrent
   read-modify-write updates are lost in silence. Readers have their own connections and cannot write.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import orjson
from sqlalchemy import (
    JSON,
    ColumnElement,
    DateTime,
    Dialect,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    any_,
    bindparam,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.types import TypeEngine

from shared.away import DatabaseAway, said_as
from shared.config import Settings
from shared.direct import Direct
from shared.engines import address, create_postgres_database, lone_engine, postgres_engines, sqlite_engines
from shared.errors import PerhapsSaved
from shared.hints import give_hints

if TYPE_CHECKING:
    from shared.broadcast import Broadcast

kernel = MetaData()
"""The tables that every service has: outbox, inbox, history, dead letters, answers already given."""

JsonB = JSON().with_variant(postgresql.JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, with its time zone also where the database (SQLite) forgets it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; naive for SQLite, so that text order is time order."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back to UTC with its time zone."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Database:
    """A service's database. `transaction()` writes, `reading()` reads."""

    def __init__(self, settings: Settings, name: str) -> None:
        """*name* is the service's; the PostgreSQL database is `tidings_<name>`, the file `<name>.db`."""
        self.name = name
        self.url = address(settings, name)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.writer, self.reader = sqlite_engines(self.url) if self.is_sqlite else postgres_engines(self.url)
        self.wake_relay: Callable[[], Awaitable[None]] | None = None
        self.broadcast: Broadcast | None = None
        self._wakers: dict[str, asyncio.Event] = {}
        self._writing = async_sessionmaker(self.writer, expire_on_commit=False)
        self._reading = async_sessionmaker(self.reader, expire_on_commit=False)

    async def create(self) -> None:
        """Make the database itself where it does not exist. Raises DatabaseAway."""
        if not self.is_sqlite:
            await create_postgres_database(self.url)

    async def dispose(self) -> None:
        """Close every connection."""
        await self.writer.dispose()
        await self.reader.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed when the block ends and undone when it raises.

        Raises DatabaseAway, and PerhapsSaved where the commit was not answered: then nobody here knows.
        """
        hints = {"wake_relay": self.wake_relay, "broadcast": self.broadcast, "wakers": self._wakers}
        async with self._writing(info=hints) as session:
            with said_as(DatabaseAway):
                yield session
                await session.flush()
            with said_as(PerhapsSaved):
                await session.commit()
            await give_hints(session)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that can only read. Raises DatabaseAway."""
        async with self._reading() as session:
            with said_as(DatabaseAway):
                yield session

    @asynccontextmanager
    async def taking_back(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is undone when the block ends, whatever happens; no hint is given."""
        async with self._writing(info={"taken_back": True}) as session:
            try:
                with said_as(DatabaseAway):
                    yield session
            finally:
                await session.rollback()

    async def woken(self, what: str, *, seconds: float) -> None:
        """Wait until a transaction of this process woke those who wait for *what*, or *seconds* have passed.

        A wake-up from before the call counts; one worker may wait for the same at a time.
        """
        waker = self._wakers.setdefault(what, asyncio.Event())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await waker.wait()
        waker.clear()

    def direct(self) -> Direct:
        """A way past SQLAlchemy for statements that run hundreds of times a second, each its own transaction."""
        return Direct(self.writer)

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[AsyncSession]:
        """A session on a connection of its own, for what fills temporary tables; its user begins and commits."""
        engine = lone_engine(self.url)
        try:
            async with engine.connect() as connection, AsyncSession(bind=connection, expire_on_commit=False) as session:
                yield session
        finally:
            await engine.dispose()

    async def ping(self) -> str | None:
        """None when the database answers, else the reason why not, in a sentence."""
        try:
            async with self.reading() as session:
                await session.execute(text("SELECT 1"))
        except Exception as error:
            return f"The {self.name} database does not answer ({type(error.__cause__ or error).__name__})."
        return None


def is_taken_back(session: AsyncSession) -> bool:
    """Whether all of this will be taken back: for what is done later, and has to say now what it will come to."""
    return bool(session.info.get("taken_back"))


async def total_of(
    session: AsyncSession, table: Any, conditions: Sequence[ColumnElement[bool]], shown: Sequence[Any], *,
    limit: int, first: bool,
) -> int:  # fmt: skip
    """How many rows of *table* meet *conditions*, of which *shown* was read: a page, and one row more than its *limit*
    where there are more. Nothing is asked where the *first* page has them all.
    """
    if first and len(shown) <= limit:
        return len(shown)
    return (await session.execute(select(func.count()).select_from(table).where(*conditions))).scalar_one()


def upsert(session: AsyncSession, table: Table) -> Any:
    """An INSERT for *table* that knows `on_conflict_do_update` and `on_conflict_do_nothing`."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


async def take_turn(session: AsyncSession, what: str) -> None:
    """Wait until no other transaction has the turn called *what*, and keep it until this one ends.

    For a rule over many rows, such as "no cycles", that no lock of a row can hold. On SQLite there is one writer:
    once it has begun, every turn is its own.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))
    else:
        await session.connection()


def among(session: AsyncSession, column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    """Whether *column* is one of *values*, as one parameter however many they are."""
    dialect = session.get_bind().dialect.name
    return _is_one_of(dialect, column, literal(listed(session, values), _list_type(dialect, column)))


def is_among(dialect: str, column: Any, name: str) -> ColumnElement[bool]:
    """The same for a statement that is made once: the values come as the parameter *name*, as `listed` gives them."""
    return _is_one_of(dialect, column, bindparam(name, type_=_list_type(dialect, column)))


def listed(session: AsyncSession, values: Iterable[Any]) -> Any:
    """*values* as the parameter of `is_among`."""
    found = list(values)
    return found if session.get_bind().dialect.name == "postgresql" else orjson.dumps(found).decode()


def _list_type(dialect: str, column: Any) -> TypeEngine[Any]:
    return postgresql.ARRAY(column.type) if dialect == "postgresql" else Text()


def _is_one_of(dialect: str, column: Any, given: ColumnElement[Any]) -> ColumnElement[bool]:
    if dialect == "postgresql":
        return cast("ColumnElement[bool]", column == any_(given))
    return cast("ColumnElement[bool]", column.in_(select(func.json_each(given).table_valued("value").c.value)))
