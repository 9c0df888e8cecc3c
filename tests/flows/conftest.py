"""The system on both ways to run, one for all flow tests of a way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.conftest import Backends
from tests.flows.system import SERVICES, System, build, running


@pytest.fixture(scope="session", params=["embedded", pytest.param("scaled", marks=pytest.mark.backends)])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The demonstration register, running."""
    folder = tmp_path_factory.mktemp(str(request.param))
    env = {} if request.param == "embedded" else scaled_env(request.getfixturevalue("backends"))
    with running(build(folder, **env)) as started:
        yield started


def scaled_env(backends: Backends) -> dict[str, str]:
    """The settings of the scaled way, on backends that hold nothing of an earlier run."""
    env = {f"TIDINGS_{part.upper()}": backends.need(part) for part in ("kafka", "postgres", "redis")}
    asyncio.run(_empty(env["TIDINGS_KAFKA"], env["TIDINGS_POSTGRES"]))
    return env


async def _empty(kafka: str, postgres: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    topics = [topic for topic in await admin.list_topics() if "." in topic]
    if topics:
        await admin.delete_topics(topics)
    await admin.close()
    connection = await asyncpg.connect(f"{postgres}/postgres")
    for name in SERVICES:
        await connection.execute(f'DROP DATABASE IF EXISTS "tidings_{name}" WITH (FORCE)')
    await connection.close()
