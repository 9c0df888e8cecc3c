"""`deploy/backends`, with real programs in a folder of its own: nothing here touches another set."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.parts.process import lives, running
from deploy.parts.redis import Redis

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("kafka", "postgres", "redis")
SETTINGS = {f"TIDINGS_{part.upper()}" for part in PARTS}


class Backends:
    """The script, on one folder."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *words: str, code: int = 0, **given: str) -> str:
        outside = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        environment = {**outside, "TIDINGS_BACKENDS_DIR": str(self.home), "TIDINGS_REQUIRE_BACKENDS": "1", **given}
        command = [sys.executable, str(ROOT / "deploy" / "backends"), *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def states(self, *, code: int = 0) -> dict[str, str]:
        said: dict[str, Any] = json.loads(self("status", "--json", code=code))
        return {part: known["state"] for part, known in said.items()}

    def pids(self) -> dict[str, int | None]:
        return {part: running(self.home / part / "pid") for part in PARTS}


@pytest.fixture(scope="module")
def backends() -> Iterator[Backends]:
    # Where PostgreSQL's own user may go, which pytest's folders are not.
    home = Path(tempfile.mkdtemp(prefix="tidings-backends-", dir="/var/tmp"))
    home.chmod(0o755)
    found = Backends(home)
    environment = {**os.environ, "TIDINGS_REQUIRE_BACKENDS": "0"}
    tried = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "backends"), "up"],
        env={k: v for k, v in environment.items() if k not in SETTINGS} | {"TIDINGS_BACKENDS_DIR": str(home)},
        capture_output=True,
        text=True,
    )
    try:
        if "cannot be had" in tried.stderr:
            assert os.environ.get("TIDINGS_REQUIRE_BACKENDS") != "1", tried.stderr
            pytest.skip(tried.stderr)
        yield found
    finally:
        found("down", "--wipe")
        shutil.rmtree(home)


pytestmark = pytest.mark.backends


def test_up_makes_every_part_answer_and_writes_where(backends: Backends) -> None:
    assert backends.states() == dict.fromkeys(PARTS, "answers")
    lines = (backends.home / "env").read_text().splitlines()
    assert {line.removeprefix("export ").partition("=")[0] for line in lines} == SETTINGS
    assert (backends.home / "env").stat().st_mode & 0o077 == 0


def test_up_twice_changes_nothing(backends: Backends) -> None:
    before = backends.pids(), (backends.home / "env").read_text()
    backends("up")
    assert (backends.pids(), (backends.home / "env").read_text()) == before


def test_up_with_its_own_addresses_sourced_does_not_take_them_for_given(backends: Backends) -> None:
    chosen = json.loads((backends.home / "chosen.json").read_text())
    backends("up", **{f"TIDINGS_{part.upper()}": known["address"] for part, known in chosen.items()})
    assert json.loads((backends.home / "chosen.json").read_text()) == chosen


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_was_killed_starts_again_on_its_port(backends: Backends, part: str) -> None:
    before, environment = backends.pids(), (backends.home / "env").read_text()
    backends("kill", part)
    assert backends.states(code=3) == {**dict.fromkeys(PARTS, "answers"), part: "does not answer"}
    backends("start", part)
    assert backends.states() == dict.fromkeys(PARTS, "answers")
    assert backends.pids()[part] != before[part]
    assert (backends.home / "env").read_text() == environment


def test_a_given_address_is_used_and_never_killed(backends: Backends, tmp_path: Path) -> None:
    other = Backends(tmp_path)
    chosen = json.loads((backends.home / "chosen.json").read_text())
    given = {f"TIDINGS_{part.upper()}": known["address"] for part, known in chosen.items()}
    assert "redis: as given" in other("up", **given)
    assert "not ours to kill" in other("kill", "redis", code=1)
    other("down")
    assert backends.states() == dict.fromkeys(PARTS, "answers")


def test_a_given_address_where_nothing_answers_is_refused(backends: Backends, tmp_path: Path) -> None:
    given = {f"TIDINGS_{part.upper()}": address(backends, part) for part in PARTS}
    said = Backends(tmp_path)("up", code=1, **{**given, "TIDINGS_REDIS": "redis://127.0.0.1:1"})
    assert "TIDINGS_REDIS is redis://127.0.0.1:1, where nothing answers" in said


def test_down_leaves_nothing_running_and_status_says_so(backends: Backends) -> None:
    pids, redis = backends.pids(), address(backends, "redis")
    backends("down")
    assert not any(lives(pid) for pid in pids.values() if pid)
    assert not Redis().answers(redis)
    assert backends.states(code=3) == dict.fromkeys(PARTS, "not started")
    backends("down")


def address(backends: Backends, part: str) -> str:
    known: dict[str, dict[str, str]] = json.loads((backends.home / "chosen.json").read_text())
    return known[part]["address"]
