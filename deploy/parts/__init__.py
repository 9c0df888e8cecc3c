"""The real parts that the scaled mode stands on, and how each starts on this machine.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Protocol


class CannotBeHad(Exception):
    """A part cannot be made available here; the text says why and what would help."""


class Part(Protocol):
    """A program that is run on a port, with its data in a folder of its own."""

    name: str
    setting: str
    stop_signal: signal.Signals

    @property
    def user(self) -> str | None:
        """The user to run as, if not ourselves."""

    def install(self) -> None:
        """Make the program available. Raises CannotBeHad."""

    def prepare(self, home: Path, port: int) -> Path:
        """Write settings and, the first time, the empty data; return the working folder."""

    def command(self, home: Path, port: int) -> list[str]:
        """The program and its arguments; it stays in the foreground."""

    def address(self, home: Path, port: int) -> str:
        """What the setting is to say to reach it."""

    def answers(self, address: str) -> bool:
        """Whether it does its work there, not only accepts connections. Waits two seconds at most."""
