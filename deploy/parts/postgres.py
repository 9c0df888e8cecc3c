"""PostgreSQL: one cluster, one database a service. Durable as in production: fsync stays on."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from deploy.parts import CannotBeHad, process
from deploy.parts.debian import need

ROLE = "tidings"
SSL_REQUEST = struct.pack(">ii", 8, 80877103)


class Postgres:
    """A cluster of our own, whatever else the machine runs. It refuses to run as root, so root lends it a user."""

    name, setting, stop_signal = "postgres", "TIDINGS_POSTGRES", signal.SIGINT

    @property
    def user(self) -> str | None:
        """The user to run as: PostgreSQL's own where we are root, else ourselves."""
        return "postgres" if os.geteuid() == 0 else None

    def install(self) -> None:
        """By apt where missing."""
        _program("initdb")

    def prepare(self, home: Path, port: int) -> Path:
        """Make the cluster the first time, its owner's password random and kept in *home* alone."""
        if self.user:
            shutil.chown(home, self.user, self.user)
        if not (home / "data" / "PG_VERSION").exists():
            shutil.rmtree(home / "data", ignore_errors=True)
            self._make_cluster(home)
        _forget_the_dead(home / "data" / "postmaster.pid")
        return home

    def command(self, home: Path, port: int) -> list[str]:
        """The server in the foreground."""
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 200,
            "track_commit_timestamp": "on",  # from where a measurement counts
        }
        chosen = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [_program("postgres"), "-D", str(home / "data"), *chosen]

    def address(self, home: Path, port: int) -> str:
        """The server's URL, without a database."""
        password = home / "password"
        secret = password.read_text().strip() if password.exists() else ""
        return f"postgresql://{ROLE}:{secret}@127.0.0.1:{port}"

    def answers(self, address: str) -> bool:
        """Whether a query is answered; without `psql` here, whether the server takes part in its own protocol."""
        url = urlsplit(address)
        try:
            psql = shutil.which("psql", path=f"{os.defpath}:{os.environ.get('PATH', '')}")
            if psql is None:
                return _speaks(url.hostname or "", url.port or 5432)
            command = [psql, "-X", "-w", "-A", "-t", "-c", "select 1", f"{address}/postgres"]
            limits = {**os.environ, "PGCONNECT_TIMEOUT": "2"}
            return subprocess.run(command, env=limits, capture_output=True, timeout=4).stdout.strip() == b"1"
        except (OSError, subprocess.TimeoutExpired):
            return False

    def _make_cluster(self, home: Path) -> None:
        password = home / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(16))
        if self.user:
            shutil.chown(password, self.user, self.user)
        options = ["-U", ROLE, "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8"]
        command = [_program("initdb"), "-D", str(home / "data"), *options]
        done = subprocess.run(command, cwd=home, user=self.user, group=self.user, extra_groups=self.user and [],
                              capture_output=True, text=True, timeout=120)  # fmt: skip
        if done.returncode:
            raise CannotBeHad(f"initdb failed: {done.stderr.strip()[-400:]}")


def _forget_the_dead(lock: Path) -> None:
    """Remove the lock of a killed server that nobody has buried: PostgreSQL takes the zombie for a living one."""
    if lock.exists() and not process.lives(int(lock.read_text().split()[0])):
        lock.unlink()


def _program(name: str) -> str:
    # Debian keeps the server's programs out of PATH, one folder a version; the newest wins.
    installed = Path("/usr/lib/postgresql")
    return need(name, "postgresql", where=tuple(sorted(installed.glob("*/bin"), reverse=True)))


def _speaks(host: str, port: int) -> bool:
    with socket.create_connection((host, port), timeout=2) as connection:
        connection.settimeout(2)
        connection.sendall(SSL_REQUEST)
        return connection.recv(1) in (b"S", b"N")
