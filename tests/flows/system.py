"""The whole system as processes, in either way to run, spoken to as a stranger would: over HTTP, SSE and SMTP."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deploy.parts.ports import free_port
from shared.keys import keys_of

ROOT = Path(__file__).parents[2]
TIDINGS = str(Path(sys.executable).parent / "tidings")
SERVICES = ("registry", "membership", "events", "notifications", "oversight")
PASSWORD = "a demonstration password"
START_SECONDS = 180


@dataclass
class System:
    """A running system. `env` is every process's environment; `processes` are by name (`all` when embedded)."""

    folder: Path
    env: dict[str, str]
    url: str
    ports: dict[str, int]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def scaled(self) -> bool:
        """Whether every service is a process of its own."""
        return "TIDINGS_KAFKA" in self.env

    def start(self, *names: str) -> None:
        """Start the processes called *names* (all of them when none is named) and wait until each is ready."""
        for name in names or self.ports:
            command = [TIDINGS, "serve"] + ([] if name == "all" else [name])
            env = {**os.environ, **self._told(name), "TIDINGS_PORT": str(self.ports[name])}
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log)
        for name in names or self.ports:
            self.wait_ready(name)

    def _told(self, name: str) -> dict[str, str]:
        """The settings of a process; a service alone is told keys in the secret's place, as Compose has it."""
        if name not in SERVICES:
            return self.env
        keys = keys_of(self.env["TIDINGS_SECRET"])
        secret = keys["TIDINGS_SERVICES_SECRET"] if name in ("membership", "notifications") else ""
        own = {"TIDINGS_GATEWAY_KEY": keys["TIDINGS_GATEWAY_KEY"], "TIDINGS_SERVICES_SECRET": secret}
        return {**self.env, "TIDINGS_SECRET": "", **own}

    def wait_ready(self, name: str) -> None:
        """Wait until one process says that it is ready; fails with the end of its log."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.processes[name].poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{self.ports[name]}/health/ready", timeout=3).status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"{name} did not become ready:\n{self.log_of(name)}")

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to one process and wait for its end."""
        self.processes[name].send_signal(number)
        self.processes[name].wait(timeout=30)

    def stop(self) -> None:
        """Stop everything that was started."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log_of(self, name: str) -> str:
        """The end of a process's output."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def tidings(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line on this system."""
        env = {**os.environ, **self.env}
        return subprocess.run([TIDINGS, *arguments], env=env, cwd=ROOT, capture_output=True, text=True, timeout=300)

    def token(self, who: str) -> str:
        """A token of a demonstration person, such as `staff`."""
        if who not in self.tokens:
            made = self.tidings("token", "--as", f"{who}@tidings.example", "--scope", "read", "--scope", "write")
            assert made.returncode == 0, made.stderr
            self.tokens[who] = made.stdout.split()[-1]
        return self.tokens[who]

    def as_(self, who: str) -> httpx.AsyncClient:
        """A client of the API, signed in with a token of *who*."""
        headers = {"authorization": f"Bearer {self.token(who)}"}
        return httpx.AsyncClient(base_url=f"{self.url}/api", headers=headers, timeout=20)

    @asynccontextmanager
    async def stream(self, path: str, who: str, last: str = "") -> AsyncIterator[Stream]:
        """A live stream of *who*, read in the background; *last* is the Last-Event-ID."""
        headers = {"accept": "text/event-stream", **({"last-event-id": last} if last else {})}
        async with self.as_(who) as client, client.stream("GET", path, headers=headers, timeout=None) as response:
            assert response.status_code == 200, await response.aread()
            stream = Stream()
            reading = asyncio.create_task(stream.read(response))
            try:
                yield stream
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


class Stream:
    """What a live stream has brought: (id, data) in order."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.events: list[tuple[str, dict[str, Any]]] = []

    async def read(self, response: httpx.Response) -> None:
        """Collect events until the stream ends."""
        event: dict[str, str] = {}
        async for line in response.aiter_lines():
            if line and not line.startswith(":"):
                name, _, value = line.partition(":")
                event[name] = value.strip()
            elif not line and "data" in event:
                self.events.append((event.get("id", ""), json.loads(event["data"])))
                event = {}

    async def until(self, wanted: Any, seconds: float = 60) -> dict[str, Any]:
        """The first event that *wanted* is true of; fails after *seconds*, saying what came."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for _, data in self.events:
                if wanted(data):
                    return data
            await asyncio.sleep(0.01)
        raise AssertionError(f"it never came; these did: {[data.get('headline') for _, data in self.events]}")


def build(folder: Path, **env: str) -> System:
    """A system, not yet started; scaled when *env* names Kafka."""
    base = {"TIDINGS_DATA": str(folder / "data"), "TIDINGS_DEMO_PASSWORD": PASSWORD, "TIDINGS_SECRET": "s" * 40}
    base |= {"TIDINGS_WEBHOOK_ALLOW": "127.0.0.0/8", "TIDINGS_API_RATE": "0", "TIDINGS_FORM_RATE": "0", **env}
    names = (*SERVICES, "gateway") if "TIDINGS_KAFKA" in env else ("all",)
    ports = {name: free_port() for name in names}
    url = f"http://127.0.0.1:{ports[names[-1]]}"
    if "TIDINGS_KAFKA" in env:
        base["TIDINGS_SERVICES"] = ",".join(f"{name}=http://127.0.0.1:{ports[name]}" for name in SERVICES)
    base["TIDINGS_BASE_URL"] = url
    folder.mkdir(parents=True, exist_ok=True)
    return System(folder, base, url, ports)


@contextlib.contextmanager
def running(system: System, *, seed: bool = True) -> Iterator[System]:
    """Start *system*, with the demonstration register when *seed*, and stop it when the block ends."""
    if seed:
        system.env["TIDINGS_DEMO"] = "1"
        if not system.scaled:
            shutil.copytree(demonstration(), system.env["TIDINGS_DATA"])
    try:
        system.start()
        if seed and system.scaled:
            seeded = system.tidings("demo", "--seed-only")
            assert seeded.returncode == 0, seeded.stderr
            wait_until_settled(system)
        yield system
    finally:
        system.stop()


@functools.cache
def demonstration() -> Path:
    """The data of an embedded system that has loaded the demonstration at its first start, to be copied: that start
    takes half a minute of the processor."""
    folder = Path(tempfile.mkdtemp(prefix="tidings-demonstration-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    first = build(folder, TIDINGS_DEMO="1")
    with running(first, seed=False):
        wait_until_settled(first)
    return folder / "data"


def wait_until_settled(system: System, seconds: float = 240) -> None:
    """Wait until no outbox holds a message and no consumer lags, for longer than the lag goes unread."""
    deadline = time.monotonic() + seconds
    quiet = 0
    while quiet < 12:
        assert time.monotonic() < deadline, "the messages never settled"
        time.sleep(0.5)
        quiet = quiet + 1 if _waiting(system) == 0 else 0


def _waiting(system: System) -> float:
    total = 0.0
    for name, port in system.ports.items():
        if name == "gateway":
            continue
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        for line in text.splitlines():
            if line.startswith(("tidings_outbox_rows{", "tidings_consumer_lag{")):
                total += float(line.rsplit(" ", 1)[1])
    return total
