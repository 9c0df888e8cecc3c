"""The scaled system on one machine: each of Tidings' services as its own process, on real backends.

    with ScaledSystem(addresses, data=folder) as system:
        httpx.get(system.url("gateway") + "/health/ready")

*addresses* are the backends' by part, as `deploy/backends up` chose them.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, TextIO

from deploy.compose import Program, programs, rewritten, served
from deploy.parts.ports import free_ports
from shared.keys import keys_of

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 90
STOP_SECONDS = 15


class DidNotStart(Exception):
    """A service ended or did not become ready; the text says which, and what it said."""


class ScaledSystem:
    """Every service of docker-compose.yml, started by `with` and stopped at its end."""

    def __init__(
        self,
        addresses: Mapping[str, str],
        *,
        data: Path,
        port: int = 0,
        variables: Mapping[str, str] | None = None,
        output: TextIO = sys.stderr,
        programs_in: Path = Path(sys.prefix) / "bin",
    ) -> None:
        """Prepare; nothing runs yet. *port* is the gateway's, 0 for a free one; *variables* win over os.environ."""
        self._output = output
        self._programs_in = programs_in
        self._data = data.resolve()
        self._ports = self._choose_ports(port)
        self._addresses = addresses
        self._programs = self._described({**os.environ, **(variables or {})})
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []

    def url(self, name: str) -> str:
        """Where the service answers."""
        return f"http://127.0.0.1:{self._ports[name]}"

    def pid(self, name: str) -> int:
        """The service's process, for tests that kill it."""
        return self._processes[name].pid

    @property
    def names(self) -> list[str]:
        """The services that keep running, the gateway among them."""
        return [program.name for program in self._programs if not program.once]

    def __enter__(self) -> ScaledSystem:
        """Start all and wait until each is ready. Raises DidNotStart, with nothing left running."""
        try:
            self.start()
            self.wait_until_ready()
            self._run_once()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop all."""
        self.stop()

    def start(self) -> None:
        """Start every service that does not run: all of them, or again those that were killed."""
        for program in self._programs:
            process = self._processes.get(program.name)
            if not program.once and (process is None or process.poll() is not None):
                self._processes[program.name] = self._launch(program)

    def wait_until_ready(self) -> None:
        """Wait for 200 from each /health/ready. Raises DidNotStart."""
        deadline = time.monotonic() + PATIENCE
        for name in self.names:
            while (answer := _readiness(self.url(name))) != "ready":
                if dead := self.dead():
                    raise DidNotStart(f"{dead} ended with {self._processes[dead].returncode}; see its output above.")
                if time.monotonic() > deadline:
                    raise DidNotStart(f"{name} was not ready within {PATIENCE} seconds: {answer}")
                time.sleep(0.1)

    def dead(self) -> str | None:
        """A service that has ended though nobody stopped it."""
        return next((name for name, process in self._processes.items() if process.poll() is not None), None)

    def stop(self) -> None:
        """SIGTERM to all, SIGKILL to those that still run 15 seconds later."""
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for name, process in self._processes.items():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._say(name, f"did not stop within {STOP_SECONDS} seconds and was killed")
                process.kill()
                process.wait()
        for reader in self._readers:
            reader.join(1)
        self._processes.clear()

    def _choose_ports(self, port: int) -> dict[str, int]:
        names = served()
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        return {**ports, "gateway": port or ports["gateway"]}

    def _described(self, variables: Mapping[str, str]) -> list[Program]:
        """What the file says, on this machine's addresses; demonstration on, secrets made where none are given.

        The services' keys are made of TIDINGS_SECRET, so that it alone has to be given.
        """
        given = {name: value for name, value in variables.items() if value}
        chosen = {
            "TIDINGS_DEMO": "true",
            "TIDINGS_BASE_URL": self.url("gateway"),
            "TIDINGS_POSTGRES_PASSWORD": "from-the-address",
            **keys_of(given.get("TIDINGS_SECRET") or _kept_secret(self._data)),
        }
        return [self._on_this_machine(program) for program in programs({**chosen, **given})]

    def _on_this_machine(self, program: Program) -> Program:
        inside = program.environment
        parts = {f"TIDINGS_{part.upper()}": address for part, address in self._addresses.items()}
        addresses = {inside[name]: address for name, address in parts.items() if name in inside}
        addresses |= {f"http://{name}:8080": self.url(name) for name in self._ports}
        own = {"TIDINGS_HOST": "127.0.0.1", "TIDINGS_DATA": str(self._data / program.data)}
        if program.name in self._ports:
            own["TIDINGS_PORT"] = str(self._ports[program.name])
        environment = {name: rewritten(value, addresses) for name, value in inside.items()} | own
        return replace(program, environment=environment)

    def _launch(self, program: Program) -> subprocess.Popen[str]:
        # Our own programs first; none of the caller's own settings beside those that the file passes on.
        outside = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
        path = f"{self._programs_in}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        process = subprocess.Popen(
            program.command, cwd=ROOT, env={**outside, "PATH": path, **program.environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            errors="replace",
        )  # fmt: skip
        assert process.stdout is not None
        reader = threading.Thread(target=self._pass_on, args=(program.name, process.stdout), daemon=True)
        reader.start()
        self._readers.append(reader)
        return process

    def _run_once(self) -> None:
        """The services that end by themselves: the demonstration's register, where it is on."""
        for program in self._programs:
            if program.once and program.environment["TIDINGS_DEMO"].lower() in {"true", "1", "yes", "on"}:
                process = self._processes[program.name] = self._launch(program)
                if process.wait(10 * PATIENCE):
                    raise DidNotStart(f"{program.name} ended with {process.returncode}; see its output above.")
                del self._processes[program.name]

    def _pass_on(self, name: str, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._say(name, line.rstrip("\n"))

    def _say(self, name: str, line: str) -> None:
        print(f"{name:<13} | {line}", file=self._output, flush=True)


def _readiness(url: str) -> str:
    """`ready`, or why not yet."""
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=4):  # noqa: S310
            return "ready"
    except urllib.error.HTTPError as answer:
        return f"{answer.code} {answer.read(500).decode(errors='replace')}"
    except OSError as error:
        return str(error)


def _kept_secret(folder: Path) -> str:
    file = folder / "secret"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return file.read_text().strip()
