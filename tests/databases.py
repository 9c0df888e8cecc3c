"""A database of its own for each test of a service: a copy of one that its migrations made in this process.

Migrating takes up to 1.5 s on PostgreSQL and a copy a tenth of that; the suite asks for some two thousand.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from shared.config import Settings
from shared.db import Database
from shared.envelope import new_id
from shared.migrations import migrate
from shared.service import Service

_folders: dict[str, tempfile.TemporaryDirectory[str]] = {}
"""A service's migrations → where a file that they made is."""
_on_server: dict[tuple[str, str], str] = {}
"""(a service's migrations, the address of PostgreSQL) → the name of a database that they made there."""


def server_for(request: pytest.FixtureRequest) -> str:
    """The address of PostgreSQL where a fixture's parameter asks for it; else nothing, for SQLite."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return ""
    return str(request.getfixturevalue("backends").need("postgres"))


@asynccontextmanager
async def own_database(service: Service, settings: Settings) -> AsyncIterator[Service]:
    """*service*, its database empty but for the reference data; on PostgreSQL under a name of its own, which is gone
    afterwards. A file that is there already is left as it is: a test may start again in its folder.
    """
    if not settings.postgres:
        await _copy_file(service, settings.data / f"{service.name}.db")
        yield service
        return
    own = replace(service, name=f"{service.name}_{new_id()[-12:]}")
    await _on(settings.postgres, f'CREATE DATABASE "tidings_{own.name}" TEMPLATE "{await _kept(service, settings)}"')
    try:
        yield own
    finally:
        await _on(settings.postgres, f'DROP DATABASE IF EXISTS "tidings_{own.name}" WITH (FORCE)')


@asynccontextmanager
async def bare_database(folder: Path, postgres: str = "") -> AsyncIterator[Database]:
    """A database without a table, in *folder* or on a server, under a name of its own; gone afterwards."""
    database = Database(Settings(data=folder, postgres=postgres), f"bare_{new_id()[-12:]}")
    await database.create()
    try:
        yield database
    finally:
        await database.dispose()
        if postgres:
            await _on(postgres, f'DROP DATABASE "tidings_{database.name}" WITH (FORCE)')


def forget() -> None:
    """Remove what copies were made of."""
    for folder in _folders.values():
        folder.cleanup()
    for (_, server), name in _on_server.items():
        asyncio.run(_on(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    _folders.clear()
    _on_server.clear()


async def _copy_file(service: Service, file: Path) -> None:
    chain = service.migrations.__name__
    if chain not in _folders:
        _folders[chain] = tempfile.TemporaryDirectory()
        await _make(service, Settings(data=Path(_folders[chain].name), postgres=""))
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        [made] = Path(_folders[chain].name).glob("*.db")
        shutil.copy(made, file)


async def _kept(service: Service, settings: Settings) -> str:
    known = service.migrations.__name__, settings.postgres
    if known not in _on_server:
        kept = replace(service, name=f"{service.name}_kept_{os.getpid()}")
        await _on(settings.postgres, f'DROP DATABASE IF EXISTS "tidings_{kept.name}" WITH (FORCE)')
        await _make(kept, settings)
        _on_server[known] = f"tidings_{kept.name}"
    return _on_server[known]


async def _make(service: Service, settings: Settings) -> None:
    database = Database(settings, service.name)
    try:
        await database.create()
        await migrate(database, service.metadata, service.migrations)
        if service.reference:
            async with database.transaction() as session:
                await service.reference(session)
    finally:
        await database.dispose()


async def _on(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server, database="postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
