"""`tidings dead-letters`, `replay` and `doctor`: what waits, and what is away."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from services.cli.composition import load
from shared.config import SERVICES, Settings, WrongSetting
from shared.db import Database
from shared.dead_letters import ask_for_replay, waiting_letters
from shared.relay import outbox_rows


async def dead_letters(settings: Settings, action: str, service: str | None, key: str | None, *, as_json: bool) -> None:
    """List the letters that wait, or ask for another try of their keys. Raises WrongSetting for another action."""
    if action not in {"list", "replay"}:
        raise WrongSetting(f"There is no action {action!r}; use list or replay.")
    for name in _chosen(service):
        database = Database(settings, name)
        try:
            if action == "list":
                await _list(database, as_json)
            else:
                await _replay(database, key, as_json)
        finally:
            await database.dispose()


def _chosen(service: str | None) -> Sequence[str]:
    if service is not None and service not in SERVICES:
        raise WrongSetting(f"There is no service {service!r}; choose one of {', '.join(SERVICES)}.")
    return [service] if service else SERVICES


async def _list(database: Database, as_json: bool) -> None:
    async with database.reading() as session:
        for letter in await waiting_letters(session):
            if as_json:
                print(orjson.dumps({"service": database.name, **letter}).decode())
            else:
                print(f"{database.name}  {letter['since']:%d %b %H:%M}  {letter['topic']}  {letter['key']}")
                print(f"    {letter['reason']}")


async def _replay(database: Database, key: str | None, as_json: bool) -> None:
    async with database.transaction() as session:
        asked = await ask_for_replay(session, key=key)
    if as_json:
        print(orjson.dumps({"service": database.name, "keys": asked}).decode())
    else:
        print(f"{database.name}: {asked} keys will be tried again within a second, if the service runs.")


async def doctor(settings: Settings, *, as_json: bool) -> int:
    """Ask every database how it is; returns the exit code: 0 when all answer."""
    findings: dict[str, dict[str, object]] = {}
    for name in SERVICES:
        load(name)
        database = Database(settings, name)
        away = await database.ping()
        findings[name] = {"away": away} if away else {"away": None, "outbox": await outbox_rows(database)}
        await database.dispose()
    if as_json:
        print(orjson.dumps(findings).decode())
    else:
        for name, finding in findings.items():
            print(f"{name:14} {finding['away'] or 'answers'}  {finding.get('outbox', '')}")
    return 1 if any(finding["away"] for finding in findings.values()) else 0
