"""The directory, as a page and as an answer of the API, over real HTTP, one visitor; and search in a large register."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import random
import time
from collections.abc import Callable, Iterable
from urllib.parse import quote

from sqlalchemy import insert

from benchmarks.figures import Figure, percentile
from benchmarks.parts import NoBackends
from benchmarks.whole import settings_of, whole, with_register
from services.cli.data import transaction
from services.registry.commands import new_network, slug_of
from services.registry.tables import Network
from shared.config import Settings
from tests.flows.system import System, running, wait_until_settled

WARM_UP, REQUESTS = 30, 300
LARGE = 100_000
FIRST = ("North", "South", "East", "West", "Upper", "Lower", "Great", "Little", "Old", "New")
SECOND = ("ford", "bury", "ham", "ton", "field", "wick", "mouth", "bridge", "minster", "pool")
STEMS = ("Ash", "Bram", "Cold", "Dun", "Elm", "Fern", "Gold", "Haw", "Ing", "Kirk")
CARE = ("Cancer", "Cardiac", "Stroke", "Diabetes", "Renal", "Maternity", "Trauma", "Dementia", "Asthma", "Pain")
KINDS = ("care network", "clinical network", "improvement network", "research network", "alliance")


def measure() -> list[Figure]:
    """p95 in milliseconds."""
    with with_register() as system, running(system, seed=False):
        wait_until_settled(system)
        page = _p95(system, itertools.repeat("/networks"))
        answer = _p95(system, itertools.repeat("/api/networks"))
    return [
        _figure("directory page, 420 networks, p95", page, 20),
        _figure("/api/networks, 420 networks, p95", answer, 20),
        *_search("SQLite"),
        *_search("PostgreSQL", "POSTGRES"),
    ]


def _figure(what: str, milliseconds: float, most: float) -> Figure:
    return Figure(what, milliseconds, "ms", f"≤ {most:g} ms", milliseconds <= most)


def _search(where: str, *parts: str) -> list[Figure]:
    try:
        with whole(*parts) as system:
            asyncio.run(_fill(settings_of(system)))
            found = _p95(system, _questions())
    except NoBackends:
        return []
    return [_figure(f"search in {LARGE:,} networks, {where}, p95", found, 50)]


def _p95(system: System, paths: Iterable[str]) -> float:
    """Of REQUESTS one after another on one connection, in milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", system.ports["all"], timeout=30)
    taken = [_timed(connection, path) for path in itertools.islice(paths, WARM_UP + REQUESTS)]
    connection.close()
    return percentile(taken[WARM_UP:], 0.95)


def _timed(connection: http.client.HTTPConnection, path: str) -> float:
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return (time.perf_counter() - began) * 1000


async def _fill(settings: Settings) -> None:
    """LARGE networks straight into the register, telling nobody."""
    async with transaction(settings, "registry") as session:
        names = iter(_names())
        while rows := [_columns(name) for name in itertools.islice(names, 5_000)]:
            await session.execute(insert(Network), rows)


def _names() -> Iterable[str]:
    numbers = range(1, 3)
    combined = itertools.product(numbers, FIRST, STEMS, SECOND, CARE, KINDS)
    names = (f"{first} {stem}{second} {care} {kind} {number}" for number, first, stem, second, care, kind in combined)
    return itertools.islice(names, LARGE)


def _columns(name: str) -> dict[str, object]:
    care_group = next(care for care in CARE if care in name)
    fields = {"name": name, "type": "disease", "care_group": care_group, "aims": f"Better care for all of {name}."}
    network = new_network(fields, slug=slug_of(name))
    return {column.key: getattr(network, column.key) for column in Network.__table__.columns}


def _questions() -> Iterable[str]:
    """Two words each: a place and a condition, the same with the second unfinished, a condition and a kind (4,000)."""
    chance: Callable[..., str] = random.Random(1).choice  # the same questions in every run
    while True:
        place, care = f"{chance(STEMS)}{chance(SECOND)}", chance(CARE)
        for words in (f"{place} {care}", f"{place} {care[:4]}", f"{care} {chance(KINDS).split()[0]}"):
            yield f"/api/networks?q={quote(words)}"
