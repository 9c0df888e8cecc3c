"""The whole system as processes, on either way to run, with what a measurement needs in it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from benchmarks.parts import real
from services.cli.data import transaction
from services.membership.commands import add_people, add_roles, make_token
from services.registry.commands import create_network
from shared.auth import Principal
from shared.config import Settings
from tests.flows.system import SERVICES, System, build, demonstration, running, wait_until_settled

SCALED = ("KAFKA", "POSTGRES", "REDIS")
STAFF = Principal("bench", is_staff=True)


class NotHere(RuntimeError):
    """A measurement begins with empty backends, so it takes none but those of this machine."""


@dataclass(frozen=True, slots=True)
class World:
    """What `populated` made: the staff member's token, the networks' ids, and each network's readers' tokens."""

    staff: str
    networks: list[str]
    tokens: list[list[str]]


@contextmanager
def whole(*parts: str, **env: str) -> Iterator[System]:
    """The system, running and empty, in a folder that goes with it; *parts* (SCALED, or POSTGRES alone) are real."""
    addresses = _emptied({f"TIDINGS_{part}": real()[f"TIDINGS_{part}"] for part in parts}) if parts else {}
    with _folder() as folder, running(build(folder, **addresses, **env), seed=False) as system:
        yield system


@contextmanager
def with_register() -> Iterator[System]:
    """The embedded system with the demonstration register, not started; the register is made once a run."""
    with _folder() as folder:
        shutil.copytree(demonstration(), folder / "data")
        yield build(folder)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tidings-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _emptied(addresses: dict[str, str]) -> dict[str, str]:
    urls = [address if "//" in address else f"//{address}" for address in addresses.values()]
    if away := {str(urlsplit(url).hostname) for url in urls} - {"127.0.0.1", "localhost", "::1"}:
        raise NotHere(f"The backends are on {', '.join(sorted(away))}; unset TIDINGS_* and run `make backends`.")
    asyncio.run(_empty(addresses.get("TIDINGS_KAFKA"), addresses.get("TIDINGS_POSTGRES")))
    return addresses


async def _empty(kafka: str | None, postgres: str | None) -> None:
    if kafka:
        await _empty_kafka(kafka)
    if postgres:
        connection = await asyncpg.connect(f"{postgres}/postgres")
        for name in SERVICES:
            await connection.execute(f'DROP DATABASE IF EXISTS "tidings_{name}" WITH (FORCE)')
        await connection.close()


async def _empty_kafka(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    async with asyncio.timeout(60):
        while topics := [topic for topic in await admin.list_topics() if "." in topic]:
            await admin.delete_topics(topics)
            await asyncio.sleep(1)  # Kafka answers before it has deleted: what starts too soon finds the old ones
    await admin.close()


def settings_of(system: System) -> Settings:
    """The settings of a running system's services, to reach their databases beside them."""
    names = {name.removeprefix("TIDINGS_").lower(): value for name, value in system.env.items()}
    return Settings(**{name: value for name, value in names.items() if name in ("data", "postgres")})  # type: ignore[arg-type]


def populated(system: System, *, networks: int, readers: int, tokens: bool = True) -> World:
    """Put *networks* with *readers* members each into a running system; returns when all has settled."""
    world = asyncio.run(_populate(settings_of(system), networks, readers, tokens))
    wait_until_settled(system)
    return world


async def _populate(settings: Settings, networks: int, readers: int, tokens: bool) -> World:
    async with transaction(settings, "registry") as session:
        made = [await create_network(session, fields=_network(n), by=STAFF, minor=True) for n in range(networks)]
        ids = [network.id for network in made]
    async with transaction(settings, "membership") as session:
        addresses = [[f"reader-{n}-{r}@bench.example" for r in range(readers)] for n in range(networks)]
        rows: list[dict[str, Any]] = [
            {"name": f"Reader {address}", "email": address} for group in addresses for address in group
        ]
        rows.append({"name": "Staff", "email": "staff@bench.example", "is_staff": True})
        people = await add_people(session, rows=rows, by=STAFF, minor=True)
        roles = [
            {"network_id": ids[place // readers], "person_id": person.id, "role": "member"}
            for place, person in enumerate(people[:-1])
        ]
        if roles:
            await add_roles(session, rows=roles, by=STAFF)
        scopes = ["read", "write"]
        made_tokens = [
            [await make_token(session, email=address, scopes=scopes, days=1) for address in group]
            for group in (addresses if tokens else [])
        ]
        staff = await make_token(session, email="staff@bench.example", scopes=scopes, days=1)
    return World(staff, ids, made_tokens)


def _network(number: int) -> dict[str, Any]:
    return {"name": f"Measured network {number}", "type": "disease", "care_group": "Cancer", "bodies": ["Q31"]}
