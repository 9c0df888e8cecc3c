"""`tidings token` and `export`: straight on the services' databases, also while they run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.cli.composition import load
from shared.auth import Principal
from shared.config import Settings, WrongSetting
from shared.db import Database
from shared.migrations import migrate
from shared.sheets import CsvWriter, SheetWriter, WorkbookWriter


@asynccontextmanager
async def transaction(settings: Settings, name: str) -> AsyncIterator[AsyncSession]:
    """A transaction in one service's database; what it publishes is carried by the service, now or when it runs."""
    service, database = load(name), Database(settings, name)
    try:
        await database.create()
        await migrate(database, service.metadata, service.migrations)
        async with database.transaction() as session:
            yield session
    finally:
        await database.dispose()


async def principal_called(settings: Settings, email: str) -> Principal:
    """The person with that e-mail address. Raises NotFound."""
    from services.membership.queries import principal_by_email

    async with transaction(settings, "membership") as session:
        return await principal_by_email(session, email)


async def make_token(settings: Settings, email: str, scopes: list[str], days: int, *, as_json: bool) -> None:
    """Print a new personal token, once."""
    from services.membership.commands import make_token as make

    wanted = [scope for given in scopes for scope in given.replace(",", " ").split()]
    async with transaction(settings, "membership") as session:
        token = await make(session, email=email, scopes=wanted, days=days)
    print(orjson.dumps({"token": token, "scopes": wanted}).decode() if as_json else token)


async def export_file(settings: Settings, what: str, file: Path) -> None:
    """Write the networks of the register as `import` takes them: CSV, or a workbook where *file* ends with .xlsx."""
    from services.registry.queries import all_networks

    if what != "networks":
        raise WrongSetting(f"Cannot export {what!r}; networks can be exported.")
    columns = ["name", "type", "care_group", "level", "purpose", "sha_codes", "side", "aims", "web", "email", "stage"]
    is_book = file.suffix.lower() == ".xlsx"
    writer: SheetWriter = WorkbookWriter(columns, title=what) if is_book else CsvWriter(columns, mark=False)
    count = 0
    with file.open("wb") as target:
        async with transaction(settings, "registry") as session:
            async for network in all_networks(session):
                cells = [";".join(network.bodies) if c == "sha_codes" else getattr(network, c) for c in columns]
                target.write(writer.add(cells))
                count += 1
        target.writelines(writer.finish())
    print(f"{count} networks written to {file}.")
