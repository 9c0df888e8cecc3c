"""The system on both ways to run, one for all flow tests of a way."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import asyncpg
import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.conftest import Backends
from tests.flows.system import SERVICES, System, build, free_port, running


@pytest.fixture(scope="session", params=["embedded", pytest.param("scaled", marks=pytest.mark.backends)])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The demonstration register, running."""
    folder = tmp_path_factory.mktemp(str(request.param))
    env = {} if request.param == "embedded" else scaled_env(request.getfixturevalue("backends"))
    with running(build(folder, **env)) as started:
        yield started


CLAIMS = """
[[rule]]
claim = "groups"
value = "tidings-staff"
gives = "staff"
"""


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """A real OpenID provider in a process of its own; the address by which it calls itself."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "oidc_provider_mock", "--port", str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while not _answers(address):
            assert time.monotonic() < deadline, "the provider does not answer"
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/.well-known/openid-configuration").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="session")
def strict(system: System, provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The demonstration with that provider, and an app required of staff and officers.

    Where each service is its own process it is another gateway to the same services: only gateways need to know.
    """
    folder = tmp_path_factory.mktemp("strict")
    table = folder / "claims.toml"
    table.write_text(CLAIMS)
    settings = {
        "TIDINGS_OIDC_ISSUER": provider, "TIDINGS_OIDC_CLIENT": "tidings", "TIDINGS_OIDC_SECRET": "a secret",
        "TIDINGS_OIDC_NAME": "Example Trust", "TIDINGS_OIDC_CLAIMS": str(table), "TIDINGS_SECOND_FACTOR": "required",
        "TIDINGS_OIDC_NEW_PEOPLE": "1",
    }  # fmt: skip
    if not system.scaled:
        with running(build(folder / "system", **settings)) as started:
            yield started
        return
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = {**system.env, **settings, "TIDINGS_BASE_URL": url}
    with running(
        replace(system, folder=folder, env=env, url=url, ports={"gateway": port}, processes={}), seed=False
    ) as it:
        yield it


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
