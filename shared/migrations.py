"""Migrations: Alembic, configured in code. Each service has its own chain of `NNNN_<what>.py` files.

A revision's id is the number of its file, so the newest is known without loading Alembic: a start with nothing
to do costs one query.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError

from shared.away import DatabaseAway, is_away
from shared.db import Database, kernel

LOCK = 0x71D1265


def head(migrations: ModuleType) -> str:
    """The newest revision of a service's chain."""
    return max(path.name[:4] for path in _folder(migrations).glob("[0-9]*.py"))


async def migrate(database: Database, metadata: MetaData, migrations: ModuleType) -> None:
    """Bring *database* to the newest revision. Several processes may call this at once. Raises DatabaseAway."""
    newest = head(migrations)
    if await _present(database) == newest:
        return
    async with database.writer.connect() as connection:
        if database.is_sqlite:
            await connection.run_sync(upgrade, metadata, migrations)
        else:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            await connection.run_sync(upgrade, metadata, migrations)
        await connection.commit()


async def _present(database: Database) -> str | None:
    try:
        async with database.reader.connect() as connection:
            return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
    except (DBAPIError, OSError, TimeoutError) as error:
        if isinstance(error, DBAPIError) and ("alembic_version" in str(error.orig) or not is_away(error)):
            return None
        raise DatabaseAway(f"The {database.name} database does not answer ({type(error).__name__}).") from error


def upgrade(connection: Connection, metadata: MetaData, migrations: ModuleType) -> None:
    """Run the missing revisions on *connection*, inside its transaction."""
    from alembic.runtime.environment import EnvironmentContext

    config, script = configuration(migrations)

    def steps(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs("head", revision)

    with EnvironmentContext(config, script, fn=steps) as environment:
        environment.configure(connection, target_metadata=[kernel, metadata], transactional_ddl=False)
        environment.run_migrations()


def configuration(migrations: ModuleType) -> tuple[Any, Any]:
    """Alembic's configuration and script directory for a service's chain."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    folder = _folder(migrations)
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "os")
    return config, ScriptDirectory.from_config(config)


def _folder(migrations: ModuleType) -> Path:
    return Path(str(migrations.__file__)).parent
