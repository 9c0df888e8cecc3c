"""The embedded system from its start to the first page answered, and the memory that it holds then."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from pathlib import Path

from benchmarks.figures import Figure, percentile
from benchmarks.whole import with_register
from tests.flows.system import ROOT, TIDINGS, System

TIMES = 3
LONGEST = 60.0


def measure() -> list[Figure]:
    """Seconds and megabytes, the median of a few starts with the register loaded."""
    with with_register() as system:
        started = [_start(system) for _ in range(TIMES)]
    seconds = percentile([seconds for seconds, _ in started], 0.5)
    megabytes = percentile([megabytes for _, megabytes in started], 0.5)
    return [
        Figure("embedded, start → first page", seconds, "s", "≤ 3 s", seconds <= 3),
        Figure("embedded, resident after it", megabytes, "MB", "≤ 200 MB", megabytes <= 200),
    ]


def _start(system: System) -> tuple[float, float]:
    port = system.ports["all"]
    env = {**os.environ, **system.env, "TIDINGS_PORT": str(port), "TIDINGS_DEMO": "1"}
    began = time.monotonic()
    with (system.folder / "start.log").open("ab") as log:
        process = subprocess.Popen([TIDINGS, "serve"], env=env, cwd=ROOT, stdout=log, stderr=log)
    try:
        while not _answers(port):
            if process.poll() is not None or time.monotonic() - began > LONGEST:
                raise RuntimeError(f"it did not start: {(system.folder / 'start.log').read_text()[-2000:]}")
            time.sleep(0.02)
        return time.monotonic() - began, _resident(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))
