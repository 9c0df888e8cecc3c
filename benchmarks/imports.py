"""An import of a hundred thousand rows into the embedded system, and as many out; how the site answers meanwhile."""

from __future__ import annotations

import csv
import http.client
import io
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figures import Figure, percentile
from benchmarks.large import CARE, FIRST, KINDS, SECOND, STEMS
from benchmarks.whole import with_register
from services.gateway.lists import FORMATS
from tests.flows.system import System, running, wait_until_settled

ROWS = 100_000
LONGEST = 600.0
LOOK_SECONDS, VISIT_SECONDS = 0.2, 0.05
HEADINGS = ("Name", "Type", "Care group", "Level", "Purpose", "SHA codes", "Web", "E-mail", "Aims", "Started on")


def measure(rows: int = ROWS) -> list[Figure]:
    """Seconds of each step, the memory of all processes at its highest, and the directory's p95 all the while."""
    with with_register() as system, running(system, seed=False):
        wait_until_settled(system)
        before = _memory(system.processes["all"].pid)
        with _visited(system) as visits:
            steps = _imported(system, _file(rows))
        with _visited(system) as after:
            began = time.monotonic()
            wait_until_settled(system, seconds=900)
            settled = time.monotonic() - began
        with _visited(system) as fetching:
            fetched = {format_: _downloaded(system, format_) for format_ in FORMATS}
    whole, what = sum(steps.values()), f"import of {rows:,} rows"
    told = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in steps.items())
    most = 120 * rows / ROWS
    p95 = percentile(visits.taken, 0.95)
    return [
        Figure(what, whole, "s", f"≤ {most:g} s", whole <= most, told),
        Figure(f"{what}, rows a second", rows / whole, "rows/s"),
        Figure(f"{what}, resident at most", visits.memory, "MB", "≤ 300 MB", visits.memory <= 300, f"{before:.0f} MB"),
        Figure(f"{what}, directory meanwhile, p95", p95, "ms", "≤ 100 ms", p95 <= 100, f"{len(visits.taken)} visits"),
        Figure(f"{what}, until everybody has heard", settled, "s"),
        Figure(f"{what}, directory until then, p95", percentile(after.taken, 0.95), "ms"),
        *(Figure(f"{rows:,} networks as {name}", seconds, "s") for name, seconds in fetched.items()),
        Figure("resident meanwhile, at most", fetching.memory, "MB", "≤ 300 MB", fetching.memory <= 300),
        Figure("directory meanwhile, p95", percentile(fetching.taken, 0.95), "ms"),
    ]


@dataclass
class Visits:
    """How long each took, in milliseconds, and the memory of all processes at its highest, in megabytes."""

    taken: list[float] = field(default_factory=list)
    memory: float = 0.0


@contextmanager
def _visited(system: System) -> Iterator[Visits]:
    """Somebody looks at the directory all the time."""
    visits, over = Visits(), threading.Event()

    def visit() -> None:
        while not over.wait(VISIT_SECONDS):
            began = time.perf_counter()
            connection = http.client.HTTPConnection("127.0.0.1", system.ports["all"], timeout=60)
            connection.request("GET", "/networks")
            connection.getresponse().read()
            connection.close()
            visits.taken.append((time.perf_counter() - began) * 1000)
            visits.memory = max(visits.memory, _memory(system.processes["all"].pid))

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        yield visits
    finally:
        over.set()
        visitor.join()


def _imported(system: System, content: bytes) -> dict[str, float]:
    """Step → seconds."""
    headers = {"authorization": f"Bearer {system.token('staff')}"}
    with httpx.Client(base_url=f"{system.url}/api", headers=headers, timeout=60) as client:
        began = time.monotonic()
        sent = client.post("/imports", params={"file": "large.csv"}, content=content).raise_for_status().json()
        there = f"/imports/{sent['id']}"
        read = _waited(client, there, "matching", began)
        columns = client.get(there).raise_for_status().json()["columns"]
        began = time.monotonic()
        client.patch(there, json={"columns": columns}).raise_for_status()
        judged = _waited(client, there, "ready", began)
        began = time.monotonic()
        client.post(f"{there}/apply", json={}).raise_for_status()
        return {"read": read, "compare": judged, "apply": _waited(client, there, "applied", began)}


def _waited(client: httpx.Client, there: str, status: str, began: float) -> float:
    """Seconds since *began* until nobody works on it; fails where it is not *status* then."""
    while time.monotonic() - began < LONGEST:
        progress: dict[str, Any] = client.get(f"{there}/progress").raise_for_status().json()
        if progress["over"]:
            if progress["status"] != status:
                raise RuntimeError(f"the import is {progress['status']}: {progress['problem']}")
            return time.monotonic() - began
        time.sleep(LOOK_SECONDS)
    raise RuntimeError(f"it was not {status} after {LONGEST:.0f} s: {progress}")


def _downloaded(system: System, format_: str) -> float:
    """Seconds until the whole directory is here as a file."""
    began = time.monotonic()
    url = f"{system.url}/downloads/networks.{format_}?progress=measured"
    with httpx.stream("GET", url, timeout=LONGEST) as answer:
        answer.raise_for_status()
        for _ in answer.iter_bytes():
            pass
    return time.monotonic() - began


def _file(rows: int) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(HEADINGS)
    combined = itertools.product(range(1, 3), FIRST, STEMS, SECOND, CARE, KINDS)
    for number, (which, first, stem, second, care, kind) in enumerate(itertools.islice(combined, rows)):
        name = f"{first} {stem}{second} {care} {kind} {which}"
        place = f"{stem}{second}".lower()
        web, mail = f"https://www.{place}-{number}.example", f"office@{place}-{number}.example"
        aims = f"Better {care.lower()} care for everybody in {first} {stem}{second}."
        writer.writerow([name, "disease", care, "Local", "Clinical", f"Q3{number % 10}", web, mail, aims, "23/11/2006"])
    return target.getvalue().encode()


def _memory(pid: int) -> float:
    """Megabytes of a process and those that it started, what they share counted once."""
    total = 0.0
    for process in [pid, *_children(pid)]:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:  # it is over
            continue
        total += sum(float(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return total


def _children(pid: int) -> list[int]:
    try:
        found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return found + [grandchild for child in found for grandchild in _children(child)]
