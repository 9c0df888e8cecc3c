"""Copies of the newsletter by the thousand, each different, over SMTP to Postfix's sink, beside Postfix's own source.

From the press of "send" (the request to the API) to the moment the last copy is recorded as taken, which is after the
sink has taken it. What a copy costs here and not there: choosing and writing each, and marking it before and after,
so that a killed sender loses none.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from sqlalchemy import func, select

from benchmarks.figures import Figure
from benchmarks.whole import SCALED, World, populated, settings_of, whole
from deploy.parts.ports import free_port
from services.cli.data import transaction
from services.notifications.tables import audience_members, deliveries, newsletter_readers, people
from shared import clock
from shared.config import Settings
from shared.rows import insert_rows
from tests.flows.system import System, wait_until_settled

COPIES, MANY = 10_000, 100_000
CONNECTIONS = 20
NETWORKS = 40
OF_A_READER = 4
LONGEST = 300.0


class NoSink(RuntimeError):
    """Postfix's smtp-sink and smtp-source are not here; `apt-get install postfix` has them."""


def measure() -> list[Figure]:
    """Seconds, on PostgreSQL with every service its own process, and embedded; each also of many."""
    ways: tuple[tuple[str, Sequence[str]], ...] = (("scaled, PostgreSQL", SCALED), ("embedded, SQLite", ()))
    return [on(where, parts, copies=copies) for copies in (COPIES, MANY) for where, parts in ways]


def on(where: str, parts: Sequence[str] = (), *, copies: int = COPIES) -> Figure:
    """Seconds for *copies* on one way to run."""
    _require_sink()
    with _sink() as port, whole(*parts, TIDINGS_SMTP=f"smtp://127.0.0.1:{port}") as system:
        bare = _bare(port, copies)
        ours = _ours(system, copies)
    beside = f"smtp-source {bare:.2f} s: {ours / bare:.1f} x; {copies / ours:,.0f} copies/s"
    what = f"newsletter, {copies:,} copies, {where}"
    return Figure(what, ours, "s", "≤ 6 x smtp-source", ours <= 6 * bare, beside)


def _require_sink() -> None:
    os.environ["PATH"] += ":/usr/sbin:/usr/local/sbin"  # where Debian puts them, and not every user's path has it
    if not shutil.which("smtp-sink") or not shutil.which("smtp-source"):
        raise NoSink(NoSink.__doc__)


@contextmanager
def _sink() -> Iterator[int]:
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(["smtp-sink", *user, f"127.0.0.1:{port}", "1000"], stderr=subprocess.DEVNULL)
    try:
        _until_listening(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _until_listening(port: int) -> None:
    for _ in range(100):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NoSink("smtp-sink does not listen.")


def _bare(port: int, copies: int) -> float:
    words = ["smtp-source", "-d", "-s", str(CONNECTIONS), "-m", str(copies), "-l", "2048", f"127.0.0.1:{port}"]
    began = time.perf_counter()
    subprocess.run(words, check=True, timeout=LONGEST)
    return time.perf_counter() - began


def _ours(system: System, copies: int) -> float:
    world = populated(system, networks=NETWORKS, readers=0)
    settings = settings_of(system)
    asyncio.run(_subscribe(settings, world, copies))
    headers = {"authorization": f"Bearer {world.staff}"}
    with httpx.Client(base_url=f"{system.url}/api", headers=headers, timeout=60) as staff:
        for number, network in enumerate(world.networks):
            _done(staff.patch(f"/networks/{network}", json={"population": 1_000 + number}))
        wait_until_settled(system)
        issue = _done(staff.post("/newsletter/issues", json={}))["id"]
        _done(staff.post(f"/newsletter/issues/{issue}/approve", json={}))
        pressed = time.time()
        _done(staff.post(f"/newsletter/issues/{issue}/send", json={}))
        _until_sent(staff, issue, copies)
    return asyncio.run(_last_one_in(settings, issue)) - pressed


def _done(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise RuntimeError(f"{answer.request.method} {answer.request.url.path}: {answer.text}")
    return answer.json()


async def _subscribe(settings: Settings, world: World, copies: int) -> None:
    """So many readers by name, each concerned by networks of their own choice: no two copies are alike."""
    chance, moment = random.Random(1), clock.now()  # the same readers in every run
    ids = [f"reader-{number}" for number in range(copies)]
    reader: dict[str, Any] = {"email": "", "confirmed_at": moment, "unsubscribed_at": None}
    belonging = {"source": "bench", "route": "member", "revision": 1, "active": True, "since": moment}
    async with transaction(settings, "notifications") as session:
        known = [
            {"id": i, "revision": 1, "name": f"Reader {i}", "email": f"{i}@bench.example", "known_since": moment}
            for i in ids
        ]
        await insert_rows(session, people, known)
        await insert_rows(session, newsletter_readers, [{**reader, "id": i} for i in ids])
        rows = [
            {**belonging, "person_id": i, "audience": f"network:{network}"}
            for i in ids
            for network in chance.sample(world.networks, OF_A_READER)
        ]
        await insert_rows(session, audience_members, rows)


def _until_sent(staff: httpx.Client, issue: str, copies: int) -> None:
    deadline = time.monotonic() + LONGEST
    while (progress := _done(staff.get(f"/newsletter/issues/{issue}/progress")))["status"] != "sent":
        if time.monotonic() > deadline:
            raise RuntimeError(f"the newsletter was not sent in {LONGEST:.0f} seconds: {progress}")
        time.sleep(0.25)
    if progress["sent"] != copies or progress["repeated"]:
        raise RuntimeError(f"not every copy went exactly once: {progress}")


async def _last_one_in(settings: Settings, issue: str) -> float:
    async with transaction(settings, "notifications") as session:
        query = select(func.max(deliveries.c.sent_at)).where(deliveries.c.thing == issue)
        return float((await session.execute(query)).scalar_one().timestamp())
