"""The directory, as a page and as an answer of the API, over real HTTP, one visitor."""

from __future__ import annotations

import itertools

from benchmarks.asking import at_most, p95
from benchmarks.figures import Figure
from benchmarks.whole import with_register
from tests.flows.system import running, wait_until_settled


def measure() -> list[Figure]:
    """p95 in milliseconds."""
    with with_register() as system, running(system, seed=False):
        wait_until_settled(system)
        page = p95(system, itertools.repeat("/networks"))
        answer = p95(system, itertools.repeat("/api/networks"))
    return [
        at_most("directory page, 420 networks, p95", page, 20),
        at_most("/api/networks, 420 networks, p95", answer, 20),
    ]
