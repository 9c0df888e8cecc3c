"""A part as a program on this machine: on one port and one folder of data, however often it is started."""

from __future__ import annotations

import time
from pathlib import Path

from deploy.parts import CannotBeHad, Part, process
from deploy.parts.ports import free_port, is_free

PATIENCE = 90


def up(part: Part, home: Path) -> str:
    """Install, start and wait for *part* with its data in *home*; its address. Nothing to do if it runs already."""
    part.install()
    home.mkdir(parents=True, exist_ok=True)
    if not process.running(home / "pid") and not is_free(_port(home)):
        (home / "port").unlink()
    return start(part, home)


def start(part: Part, home: Path) -> str:
    """Start *part* on the port and the data that it had, and wait until it answers; its address."""
    port = _port(home)
    if not process.running(home / "pid"):
        folder = part.prepare(home, port)
        command = part.command(home, port)
        process.start(command, pid_file=home / "pid", output=home / "output.log", folder=folder, user=part.user)
    address = part.address(home, port)
    _wait(part, home, address)
    return address


def address(part: Part, home: Path) -> str | None:
    """Where *part* runs, or ran and will run again; None if it never did."""
    return part.address(home, _port(home)) if (home / "port").exists() else None


def down(part: Part, home: Path) -> None:
    """Stop *part* if we started it; its data stays."""
    process.stop(home / "pid", part.stop_signal)


def kill(part: Part, home: Path) -> None:
    """SIGKILL *part*; its data and port stay for `start`."""
    process.kill(home / "pid")


def _port(home: Path) -> int:
    file = home / "port"
    if not file.exists():
        file.write_text(str(free_port()))
    return int(file.read_text())


def _wait(part: Part, home: Path, address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not part.answers(address):
        if not process.running(home / "pid"):
            raise CannotBeHad(f"{part.name} ended at once. Its last words:\n{_last_words(home)}")
        if time.monotonic() > deadline:
            raise CannotBeHad(f"{part.name} did not answer in {PATIENCE} seconds. Its last words:\n{_last_words(home)}")
        time.sleep(0.05)


def _last_words(home: Path) -> str:
    return "\n".join((home / "output.log").read_text(errors="replace").splitlines()[-8:])
