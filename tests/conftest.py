"""What all tests share: the addresses of the real backends.

Addresses come from the environment (`TIDINGS_KAFKA`, …) or from the file `env` that `deploy/backends up` writes into
its folder; of a run in several processes from that file alone, for the first takes them out of the environment.
Without one, a test that needs it is skipped, or fails where `TIDINGS_REQUIRE_BACKENDS=1` says that it must run.
"""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests import databases

ROOT = Path(__file__).parents[1]
PARTS = ("KAFKA", "POSTGRES", "REDIS")
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
"""How long an example takes says how busy the machine is."""
GIVEN = {name: os.environ.pop(f"TIDINGS_{name}", "") for name in PARTS}
"""Taken out of the environment: a test that makes `Settings` without an address means the embedded part."""


ONE_AFTER_ANOTHER = {
    "flows": "broker", "kernel": "broker", "log": "broker",
    "api": "api", "browser": "browser", "security": "security",
}  # fmt: skip
"""Folders of which one process runs all tests: they share a broker's topics, or one running system."""
LONGEST = ("flows", "browser", "security", "api", "registry/test_judged_anew.py", "registry/test_import_undone.py")
"""Who takes minutes begins first: begun last, it would run alone at the end."""


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each process of a run whole files, and whole folders where `ONE_AFTER_ANOTHER` names them."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0].removeprefix("tests/")
        return ONE_AFTER_ANOTHER.get(file.partition("/")[0], file)

    def remove_node(self, node: Any) -> str | None:
        """Take away a process that has ended; returns the test that ended it, which is not begun again elsewhere."""
        units = self.assigned_work[node].values()
        ended = next((name for unit in units for name, is_done in unit.items() if not is_done), None)
        for unit in units:
            if ended in unit:
                unit[ended] = True
        super().remove_node(node)
        return ended


RUNNING: set[str] = set()
"""The tests that have begun and not ended."""


def pytest_configure(config: pytest.Config) -> None:
    """Let a run that is stopped say which tests it waited for: who runs in another process shows no name."""
    if not hasattr(config, "workerinput"):
        signal.signal(signal.SIGTERM, _stop)


def _stop(_number: int, _frame: object) -> None:
    pytest.exit(f"stopped; running were: {', '.join(sorted(RUNNING)) or 'none'}", returncode=130)


def pytest_runtest_logstart(nodeid: str) -> None:
    """A test begins, here or in a process of this run."""
    RUNNING.add(nodeid)


def pytest_runtest_logfinish(nodeid: str) -> None:
    """It has ended."""
    RUNNING.discard(nodeid)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse two tests of one name: of a run in several processes the second would be left out, and all be green."""
    twice = [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]
    if twice:
        raise pytest.UsageError(f"Give each test a name of its own: {', '.join(twice[:5])}")
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    file = item.nodeid.removeprefix("tests/")
    return next((turn for turn, long in enumerate(LONGEST) if file.startswith(long)), len(LONGEST))


def pytest_sessionfinish() -> None:
    """What the tests' databases were copied from goes with them."""
    databases.forget()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Who divides the tests among the processes."""
    return Together(config, log)


@dataclass(frozen=True)
class Backends:
    """The addresses of the real backends; None for one that is not there."""

    kafka: str | None
    postgres: str | None
    redis: str | None

    def need(self, part: str) -> str:
        """The address of *part*; skips, or fails, the test that asks where there is none."""
        if address := getattr(self, part):
            return str(address)
        reason = f"needs {part.capitalize()}: TIDINGS_{part.upper()} is not set and .backends/env does not name it"
        if os.environ.get("TIDINGS_REQUIRE_BACKENDS") == "1":
            pytest.fail(f"{reason} (TIDINGS_REQUIRE_BACKENDS=1)")
        pytest.skip(reason)


@pytest.fixture(scope="session")
def backends() -> Backends:
    """The real backends. Ask with `backends.need("kafka")`, and mark the test `backends`."""
    written = _written()
    return Backends(*(GIVEN[part] or written.get(f"TIDINGS_{part}") or None for part in PARTS))


def _written() -> dict[str, str]:
    path = Path(os.environ.get("TIDINGS_BACKENDS_DIR", ROOT / ".backends")) / "env"
    text = path.read_text() if path.exists() else ""
    return dict(re.findall(r"""^(?:export )?(TIDINGS_\w+)=['"]?([^'"\n]*)""", text, re.MULTILINE))
