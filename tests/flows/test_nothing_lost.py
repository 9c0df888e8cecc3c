"""Nothing lost, nothing twice: processes are killed at random moments while 500 changes run and a newsletter goes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.system import ROOT, System, build, free_port, running
from tests.notifications.mail import Sink, serving

CHANGES = 500
NETWORKS = 20
CONNECTIONS = 20
"""Most that a sender keeps open to one mail server: as many copies are on their way when it is killed."""
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(params=["embedded", pytest.param("scaled", marks=pytest.mark.backends)])
def mortal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of its own, to be killed; the scaled one on backends of its own, because these die, too."""
    folder = tmp_path_factory.mktemp(f"mortal-{request.param}")
    with contextlib.ExitStack() as stack:
        env = {} if request.param == "embedded" else stack.enter_context(_own_backends(request))
        env["TIDINGS_SMTP"] = f"smtp://127.0.0.1:{free_port()}"
        yield stack.enter_context(running(build(folder, **env)))


@contextlib.contextmanager
def _own_backends(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The settings of a set of backends that nobody else uses; below /var/tmp, where PostgreSQL's user may go."""
    request.getfixturevalue("backends").need("kafka")
    home = Path(tempfile.mkdtemp(prefix="tidings-mortal.", dir="/var/tmp"))
    home.chmod(0o755)
    try:
        _backends(home, "up")
        written = re.findall(r"^export (TIDINGS_\w+)=(.*)$", (home / "env").read_text(), re.MULTILINE)
        yield {**dict(written), "TIDINGS_BACKENDS_DIR": str(home)}
    finally:
        _backends(home, "down", "--wipe")
        shutil.rmtree(home)


async def test_five_hundred_changes_survive_kills(mortal: System) -> None:
    port = int(mortal.env["TIDINGS_SMTP"].rpartition(":")[2])
    async with serving(Sink(pause=0.2), port) as sink, mortal.as_("staff") as staff:
        networks = await _networks_of(staff, "Q31")
        for network in networks:
            (await staff.post(f"/networks/{network['id']}/follow", json={})).raise_for_status()
        issue = await _press_send(staff)
        killing = asyncio.create_task(_kill_now_and_then(mortal))
        await _change_all(staff, networks)
        kills = await killing
        told = await _reasons_told(staff, networks)
        expected = {f"run {number}": 1 for number in range(CHANGES)}
        assert {reason: count for reason, count in told.items() if reason in expected} == expected
        wanted = await _message_ids(staff, networks)
        await _eventually_once(staff, "/alerts", wanted)
        await _eventually_once(staff, "/oversight/Q31/feed", wanted)
        await _one_mail_a_reader(staff, issue, sink, most_repeated=kills * CONNECTIONS)


async def _press_send(staff: httpx.AsyncClient) -> str:
    """The id of the week's newsletter, which is being sent."""
    [issue] = (await staff.get("/newsletter/issues", params={"status": "draft"})).json()["items"]
    for step in ("approve", "send"):
        (await staff.post(f"/newsletter/issues/{issue['id']}/{step}", json={})).raise_for_status()
    return str(issue["id"])


async def _one_mail_a_reader(staff: httpx.AsyncClient, issue: str, sink: Sink, *, most_repeated: int) -> None:
    """Every copy went, and what went twice is named: a mail that was taken in the instant before a kill."""
    for _ in range(120):
        progress = (await staff.get(f"/newsletter/issues/{issue}/progress")).json()
        if progress["status"] == "sent":
            break
        await asyncio.sleep(1)
    named = {copy["message_id"] for copy in progress["repeated"]}
    newsletters = {mail_id for mail_id, mails in sink.contents.items() if b"List-Id: newsletter " in mails[0]}
    copies = {mail_id: sink.taken[mail_id] for mail_id in newsletters}
    assert progress["sent"] == progress["total"] == len(copies), progress
    assert {mail_id for mail_id, times in copies.items() if times > 1} <= named
    assert len(named) <= most_repeated


async def _networks_of(staff: httpx.AsyncClient, body: str) -> list[dict[str, Any]]:
    found = (await staff.get("/networks", params={"sha": body, "limit": NETWORKS})).json()["items"]
    assert len(found) == NETWORKS
    return list(found)


async def _change_all(staff: httpx.AsyncClient, networks: list[dict[str, Any]]) -> None:
    """Every change until it is answered, however often; its Idempotency-Key makes that one change."""
    limit = asyncio.Semaphore(8)

    async def change(number: int) -> None:
        async with limit:
            network = networks[number % NETWORKS]
            body = {"population": 1_000_000 + number, "reason": f"run {number}"}
            for _ in range(600):
                with contextlib.suppress(httpx.HTTPError):
                    answer = await staff.patch(
                        f"/networks/{network['id']}", json=body, headers={"idempotency-key": f"run-{number}"}
                    )
                    if answer.status_code == 200:
                        return
                    assert answer.status_code >= 500 or answer.status_code == 429, answer.text
                await asyncio.sleep(0.2)
            raise AssertionError(f"change {number} was never taken")

    await asyncio.gather(*(change(number) for number in range(CHANGES)))


async def _kill_now_and_then(mortal: System) -> int:
    """Each process in turn, and Kafka and Redis once; each is started again a moment later.

    Returns how often the sender of mail was killed.
    """
    chance = random.Random(7)
    home = Path(mortal.env.get("TIDINGS_BACKENDS_DIR", ""))
    victims = ["registry", "notifications", "oversight", "registry", "kafka", "redis"] if mortal.scaled else ["all"] * 3
    for victim in victims:
        await asyncio.sleep(chance.uniform(0.3, 1.5))
        if victim in mortal.processes:
            await asyncio.to_thread(mortal.kill, victim)
            await asyncio.to_thread(mortal.start, victim)
        else:
            await asyncio.to_thread(_backends, home, "kill", victim)
            await asyncio.sleep(1)
            await asyncio.to_thread(_backends, home, "start", victim)
    return sum(victim in ("notifications", "all") for victim in victims)


def _backends(home: Path, *words: str) -> None:
    settings = {"TIDINGS_KAFKA", "TIDINGS_POSTGRES", "TIDINGS_REDIS"}
    environment = {name: value for name, value in os.environ.items() if name not in settings}
    done = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "backends"), *words],
        env=environment | {"TIDINGS_BACKENDS_DIR": str(home), "TIDINGS_REQUIRE_BACKENDS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


async def _history(staff: httpx.AsyncClient, network: dict[str, Any]) -> list[dict[str, Any]]:
    return await _all(staff, f"/networks/{network['id']}/history")


async def _all(staff: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = (await staff.get(path, params={"limit": 100, **({"cursor": cursor} if cursor else {})})).json()
        items += page["items"]
        if (cursor := page["next"]) is None:
            return items


async def _reasons_told(staff: httpx.AsyncClient, networks: list[dict[str, Any]]) -> Counter[str]:
    entries = [entry for network in networks for entry in await _history(staff, network)]
    return Counter(entry["reason"] for entry in entries)


async def _message_ids(staff: httpx.AsyncClient, networks: list[dict[str, Any]]) -> set[str]:
    entries = [entry for network in networks for entry in await _history(staff, network)]
    return {entry["id"] for entry in entries if entry["reason"].startswith("run ")}


async def _eventually_once(staff: httpx.AsyncClient, path: str, wanted: set[str]) -> None:
    """Each wanted message stands in the list, and none of them twice."""
    for _ in range(120):
        counted = Counter(item["message_id"] for item in await _all(staff, path))
        if wanted <= set(counted):
            break
        await asyncio.sleep(1)
    assert {message: counted[message] for message in wanted} == dict.fromkeys(wanted, 1)
