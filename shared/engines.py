"""Connections: how each kind of database is opened, and what every connection promises.

On SQLite there is one writing connection and every write begins IMMEDIATE; readers cannot write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from shared.away import DatabaseAway
from shared.config import Settings
from shared.sqlite_driver import DRIVER

CONNECT_TIMEOUT = 5.0
"""Seconds before PostgreSQL is taken to be away when it does not let us in."""
STATEMENT_TIMEOUT = 20.0
"""Seconds before a statement or a wait for a lock is given up."""
POUR_SECONDS = 300
"""The same for a statement on a connection of its own, which writes very many rows at once."""


def address(settings: Settings, name: str) -> URL:
    """Where the database of the service called *name* is: `tidings_<name>`, or the file `<name>.db`."""
    if settings.postgres:
        return make_url(settings.postgres).set(drivername="postgresql+asyncpg", database=f"tidings_{name}")
    settings.data.mkdir(parents=True, exist_ok=True)
    return URL.create(DRIVER, database=str(settings.data / f"{name}.db"))


_JSON: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}


_READS: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
"""A reader begins and ends nothing: each statement sees what was committed before it, and saves two conversations."""


def sqlite_engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """(the one writer, the readers) of a file; the relay keeps one of those."""
    common: dict[str, Any] = {**_JSON, "connect_args": {"isolation_level": None, "timeout": STATEMENT_TIMEOUT}}
    writer = create_async_engine(
        url, pool_size=1, max_overflow=0, pool_timeout=STATEMENT_TIMEOUT, begin="BEGIN IMMEDIATE", **common
    )
    reader = create_async_engine(url, pool_size=4, max_overflow=0, pool_timeout=STATEMENT_TIMEOUT, **_READS, **common)
    event.listen(writer.sync_engine, "connect", _pragmas("OFF"))
    event.listen(reader.sync_engine, "connect", _pragmas("ON"))
    return writer, reader


def _pragmas(query_only: str) -> Callable[[Any, Any], None]:
    def connected(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"query_only={query_only}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return connected


_LIMITS = {"statement_timeout": "20s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s"}


def _patience(seconds: float, **server: str) -> dict[str, Any]:
    """For a connection to PostgreSQL: how long it and its statements, *seconds* at most, are waited for."""
    return {"timeout": CONNECT_TIMEOUT, "command_timeout": seconds, "server_settings": {**_LIMITS, **server}}


def postgres_engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """(the writers, the readers) of a database."""

    def engine(options: dict[str, Any], **server: str) -> AsyncEngine:
        return create_async_engine(
            url, pool_size=5, max_overflow=0, pool_timeout=STATEMENT_TIMEOUT, pool_use_lifo=True,
            connect_args=_patience(STATEMENT_TIMEOUT, **server), **_JSON, **options,
        )  # fmt: skip

    return engine({}), engine(_READS, default_transaction_read_only="on")


def lone_engine(url: URL) -> AsyncEngine:
    """For one connection of its own, whose statements may take POUR_SECONDS.

    On SQLite its transactions begin plainly: what they write to the connection's own tables locks nobody out.
    """
    if url.get_backend_name() == "sqlite":
        arguments: dict[str, Any] = {"isolation_level": None, "timeout": STATEMENT_TIMEOUT}
        engine = create_async_engine(url, poolclass=NullPool, begin="BEGIN", connect_args=arguments, **_JSON)
        event.listen(engine.sync_engine, "connect", _pragmas("OFF"))
        return engine
    arguments = _patience(POUR_SECONDS, statement_timeout=f"{POUR_SECONDS}s")
    return create_async_engine(url, poolclass=NullPool, connect_args=arguments, **_JSON)


async def create_postgres_database(url: URL) -> None:
    """Make the database where it does not exist; another process may do the same. Raises DatabaseAway."""
    import asyncpg

    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    try:
        connection = await asyncpg.connect(server, timeout=CONNECT_TIMEOUT)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise DatabaseAway(f"PostgreSQL at {url.host}:{url.port} does not answer ({type(error).__name__}).") from error
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", url.database):
            await connection.execute(f'CREATE DATABASE "{url.database}"')
    except asyncpg.DuplicateDatabaseError:
        pass  # another process of this service was quicker
    finally:
        await connection.close()
