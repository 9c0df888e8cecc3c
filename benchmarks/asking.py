"""Asking a running system one question after another, and how long it took."""

from __future__ import annotations

import http.client
import itertools
import time
from collections.abc import Iterable

from benchmarks.figures import Figure, percentile
from tests.flows.system import System

WARM_UP, REQUESTS = 30, 300


def p95(system: System, paths: Iterable[str], *, requests: int = REQUESTS) -> float:
    """Of *requests* one after another on one connection, in milliseconds."""
    return percentile(taken(system, paths, requests=requests), 0.95)


def taken(system: System, paths: Iterable[str], *, requests: int = REQUESTS) -> list[float]:
    """Milliseconds of each, in their order, after some that warm up."""
    connection = http.client.HTTPConnection("127.0.0.1", system.ports["all"], timeout=60)
    found = [_timed(connection, path) for path in itertools.islice(paths, WARM_UP + requests)]
    connection.close()
    return found[WARM_UP:]


def at_most(what: str, milliseconds: float, most: float, beside: str = "") -> Figure:
    """A figure in milliseconds whose aim is to be no more than *most*."""
    return Figure(what, milliseconds, "ms", f"≤ {most:g} ms", milliseconds <= most, beside)


def _timed(connection: http.client.HTTPConnection, path: str) -> float:
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return (time.perf_counter() - began) * 1000
