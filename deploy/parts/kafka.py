"""Kafka: one broker, from its published jars. Needs Java 17 and, the first time, Maven."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

from deploy.parts import CannotBeHad
from deploy.parts.debian import install, need
from deploy.parts.ports import free_port

VERSION = "4.1.1"
HERE = Path(__file__).resolve().parent.parent / "kafka"
JARS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidings" / f"kafka-{VERSION}"
METADATA_REQUEST = struct.pack(">ihhihi", 14, 3, 0, 1, -1, 0)
"""Length, api 3 (metadata), version 0, correlation 1, no client id, no topic named (which means all)."""


class Kafka:
    """A broker that is its own controller."""

    name, setting, stop_signal = "kafka", "TIDINGS_KAFKA", signal.SIGTERM

    @property
    def user(self) -> str | None:
        """Ourselves."""
        return None

    def install(self) -> None:
        """Java by apt where missing; the jars by Maven, once, into the user's cache."""
        _need_java()
        if JARS.is_dir():
            return
        maven = need("mvn", "maven")
        print(f"Fetching Kafka {VERSION} (54 MB) …", flush=True)
        JARS.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=JARS.parent) as folder:
            _copy_jars(maven, Path(folder) / "jars")
            (Path(folder) / "jars").replace(JARS)

    def prepare(self, home: Path, port: int) -> Path:
        """Write server.properties; format the log directory the first time."""
        template = (HERE / "server.properties").read_text()
        data = home / "data"
        properties = home / "server.properties"
        properties.write_text(template.format(port=port, controller=free_port(), data=data))
        if not (data / "meta.properties").exists():
            identity = _tool("random-uuid").strip().splitlines()[-1]
            _tool("format", "-t", identity, "-c", str(properties))
        return home

    def command(self, home: Path, port: int) -> list[str]:
        """The broker in the foreground."""
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return [*_java("-Xms256m", "-Xmx512m", quiet), "kafka.Kafka", str(home / "server.properties")]

    def address(self, home: Path, port: int) -> str:
        """The bootstrap server."""
        return f"127.0.0.1:{port}"

    def answers(self, address: str) -> bool:
        """Whether the broker names at least one broker, itself: only then may topics be created."""
        host, _, port = address.split(",")[0].rpartition(":")
        try:
            with socket.create_connection((host, int(port)), timeout=2) as connection:
                connection.settimeout(2)
                connection.sendall(METADATA_REQUEST)
                answer = connection.recv(12, socket.MSG_WAITALL)
        except OSError:
            return False
        return len(answer) == 12 and struct.unpack(">iii", answer)[2] >= 1


def _need_java() -> None:
    if (version := _java_version()) is None:
        install("default-jre-headless")
        version = _java_version()
    if version is None or version < 17:
        raise CannotBeHad(f"Kafka {VERSION} needs Java 17 or later; java -version says {version}.")


def _java_version() -> int | None:
    if shutil.which("java") is None:
        return None
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, timeout=60).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else None


def _copy_jars(maven: str, folder: Path) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
    command = [maven, "-q", "-B", "-f", str(HERE / "pom.xml"), *goal]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise CannotBeHad(f"Maven could not fetch Kafka {VERSION}: {done.stdout.strip()[-400:]}")


def _java(*options: str) -> list[str]:
    return ["java", *options, "-cp", f"{JARS}/*"]


def _tool(*arguments: str) -> str:
    command = [*_java(), "kafka.tools.StorageTool", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise CannotBeHad(f"Kafka's storage tool failed: {done.stderr.strip()[-400:]}")
    return done.stdout
