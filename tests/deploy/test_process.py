"""Programs in the background: only what we started is ever signalled."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from deploy.parts import process

pytestmark = pytest.mark.fast


def start(tmp_path: Path, *command: str) -> Path:
    pid_file = tmp_path / "pid"
    process.start(command, pid_file=pid_file, output=tmp_path / "log", folder=tmp_path, user=None)
    return pid_file


def test_a_program_runs_until_it_is_stopped(tmp_path: Path) -> None:
    pid_file = start(tmp_path, "sleep", "60")
    pid = process.running(pid_file)
    assert pid
    process.stop(pid_file, signal.SIGTERM)
    assert not process.lives(pid)
    assert not pid_file.exists()


def test_a_program_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    pid_file = start(tmp_path, "bash", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done")
    while "deaf" not in (tmp_path / "log").read_text():
        pass
    pid = process.running(pid_file)
    assert pid
    process.stop(pid_file, signal.SIGTERM, seconds=0.2)
    assert not process.lives(pid)


def test_another_process_with_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        pid_file = tmp_path / "pid"
        pid_file.write_text(f"{stranger.pid} 12345\n")
        assert process.running(pid_file) is None
        process.stop(pid_file, signal.SIGTERM)
        process.kill(pid_file)
        assert stranger.poll() is None
        stranger.kill()


def test_a_kill_reaches_the_children_too(tmp_path: Path) -> None:
    pid_file = start(tmp_path, "bash", "-c", "sleep 60 & echo $!; wait")
    while not (tmp_path / "log").read_text().endswith("\n"):
        pass
    child = int((tmp_path / "log").read_text())
    process.kill(pid_file)
    assert process.running(pid_file) is None
    for _ in range(50):  # whoever inherits the child takes a moment to bury it
        if not process.lives(child):
            return
        time.sleep(0.1)
    raise AssertionError("the child lives on")
