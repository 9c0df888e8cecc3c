"""The parts as containers, from the one definition of them: docker-compose.yml at the root."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from deploy.parts import CannotBeHad
from deploy.parts.ports import free_port

COMPOSE = Path(__file__).resolve().parent.parent.parent / "docker-compose.yml"
PORTS = {"kafka": "TIDINGS_KAFKA_PORT", "postgres": "TIDINGS_POSTGRES_PORT", "redis": "TIDINGS_REDIS_PORT"}
UNUSED = ("TIDINGS_SECRET", "TIDINGS_GATEWAY_KEY", "TIDINGS_SERVICES_SECRET")


@cache
def engine_answers() -> bool:
    """Whether `docker compose` is here and an engine stands behind it."""
    if shutil.which("docker") is None:
        return False
    return _succeeds("docker", "info") and _succeeds("docker", "compose", "version")


def up(home: Path, part: str) -> str:
    """Start the container of *part* and wait until it is healthy; its address."""
    _compose(home, "up", "--wait", part)
    return address(home, part)


def address(home: Path, part: str) -> str:
    """Where the container of *part* is reached from this machine."""
    chosen = _chosen(home)
    place = f"127.0.0.1:{chosen[PORTS[part]]}"
    password = chosen["TIDINGS_POSTGRES_PASSWORD"]
    return {"kafka": place, "postgres": f"postgresql://tidings:{password}@{place}", "redis": f"redis://{place}"}[part]


def start(home: Path, part: str) -> str:
    """Start the container that was killed, on the same port and data."""
    return up(home, part)


def kill(home: Path, part: str) -> None:
    """SIGKILL the container of *part*."""
    _compose(home, "kill", part)


def down(home: Path, *, wipe: bool) -> None:
    """Remove the containers; their volumes too if *wipe*."""
    _compose(home, "down", *(["--volumes"] if wipe else []))


def _chosen(home: Path) -> dict[str, str]:
    """Ports and the password, chosen once for each folder."""
    file = home / "docker.json"
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        ports = {setting: str(free_port()) for setting in PORTS.values()}
        file.touch(mode=0o600)
        file.write_text(json.dumps({**ports, "TIDINGS_POSTGRES_PASSWORD": secrets.token_hex(16)}))
    chosen: dict[str, str] = json.loads(file.read_text())
    return chosen


def _compose(home: Path, *words: str) -> None:
    # A project of its own for each folder, apart from a whole Tidings that runs from the same file.
    project = f"tidings-backends-{zlib.crc32(str(home).encode()):08x}"
    # The file demands the services' keys; the backends alone have no use for them.
    environment: Mapping[str, str] = {**os.environ, **dict.fromkeys(UNUSED, "unused"), **_chosen(home)}
    command = ["docker", "compose", "-p", project, "-f", str(COMPOSE), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise CannotBeHad(f"{' '.join(command)} failed: {done.stderr.strip()[-400:]}")


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
