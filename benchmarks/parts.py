"""The real parts that a measurement runs on."""

from __future__ import annotations

import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


class NoBackends(RuntimeError):
    """The real backends are not there; run `make backends` first."""


def real() -> dict[str, str]:
    """The addresses of Kafka, PostgreSQL and Redis. Raises NoBackends where one is missing."""
    path = ROOT / ".backends" / "env"
    written = dict(
        re.findall(r"""^(?:export )?(TIDINGS_\w+)=['"]?([^'"\n]*)""", path.read_text() if path.exists() else "", re.M)
    )
    names = ("TIDINGS_KAFKA", "TIDINGS_POSTGRES", "TIDINGS_REDIS")
    found = {name: os.environ.get(name) or written.get(name, "") for name in names}
    if missing := [name for name, value in found.items() if not value]:
        raise NoBackends(f"{', '.join(missing)} not set; run `make backends` first.")
    return found
