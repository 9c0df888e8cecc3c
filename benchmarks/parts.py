"""The real parts that a measurement runs on."""

from __future__ import annotations

import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = ("TIDINGS_KAFKA", "TIDINGS_POSTGRES", "TIDINGS_REDIS")
GIVEN = {name: os.environ.pop(name, "") for name in NAMES}
"""Taken out of the environment: what a measurement starts has only the parts that it is given."""


class NoBackends(RuntimeError):
    """The real backends are not there; run `make backends` first."""


def real() -> dict[str, str]:
    """The addresses of Kafka, PostgreSQL and Redis. Raises NoBackends where one is missing."""
    path = ROOT / ".backends" / "env"
    written = dict(
        re.findall(r"""^(?:export )?(TIDINGS_\w+)=['"]?([^'"\n]*)""", path.read_text() if path.exists() else "", re.M)
    )
    found = {name: GIVEN[name] or written.get(name, "") for name in NAMES}
    if missing := [name for name, value in found.items() if not value]:
        raise NoBackends(f"{', '.join(missing)} not set; run `make backends` first.")
    return found
