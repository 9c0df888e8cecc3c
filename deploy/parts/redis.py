"""Redis: sessions, limits and broadcasts, no truth; so it keeps nothing on disk."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

from deploy.parts.debian import need


class Redis:
    """A server in memory."""

    name, setting, stop_signal = "redis", "TIDINGS_REDIS", signal.SIGTERM

    @property
    def user(self) -> str | None:
        """Ourselves."""
        return None

    def install(self) -> None:
        """By apt where missing."""
        need("redis-server", "redis-server")

    def prepare(self, home: Path, port: int) -> Path:
        """Nothing to prepare."""
        return home

    def command(self, home: Path, port: int) -> list[str]:
        """The server in the foreground, persistence off."""
        program = need("redis-server", "redis-server")
        return [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]

    def address(self, home: Path, port: int) -> str:
        """The URL."""
        return f"redis://127.0.0.1:{port}"

    def answers(self, address: str) -> bool:
        """Whether PING is answered; a server that asks for a password counts: it answers."""
        url = urlsplit(address)
        try:
            with socket.create_connection((url.hostname or "", url.port or 6379), timeout=2) as connection:
                connection.settimeout(2)
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False
