"""Programs left running in the background, and stopped later by whoever reads their pid file.

Invariant: only a process that we started is ever signalled. A pid alone is no proof, the kernel hands it out again;
so the pid file also keeps when the process was born.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path


def start(command: Sequence[str], *, pid_file: Path, output: Path, folder: Path, user: str | None) -> None:
    """Start *command* in a session of its own, so that Ctrl-C in the terminal does not reach it."""
    with output.open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            user=user, group=user, extra_groups=user and [],
        )  # fmt: skip
    pid_file.write_text(f"{process.pid} {_born(process.pid)}\n")
    process.returncode = 0  # It outlives us on purpose; this keeps Popen from complaining about it.


def running(pid_file: Path) -> int | None:
    """The pid of the process that *pid_file* names, if it still is that process and not a zombie."""
    try:
        pid, born = pid_file.read_text().split(maxsplit=1)
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if _born(int(pid)) == born.strip() else None


def may_enter(folder: Path, user: str) -> bool:
    """Whether *user* can go into *folder*; only root may ask for another."""
    return subprocess.run(["test", "-x", folder], user=user, group=user, extra_groups=[]).returncode == 0


def lives(pid: int) -> bool:
    """Whether there is such a process, zombies not counted: where nobody buries them, they still have their pid."""
    return bool(_born(pid))


def stop(pid_file: Path, with_signal: int, *, seconds: float = 20) -> None:
    """Signal the process and wait for its end; SIGKILL if it takes too long. Nothing to do if it is not running."""
    if pid := running(pid_file):
        os.kill(pid, with_signal)
        if not _ended(pid_file, seconds):
            kill(pid_file)
    pid_file.unlink(missing_ok=True)


def kill(pid_file: Path) -> None:
    """SIGKILL to the process and to its children, as when the machine's power fails."""
    pid = running(pid_file)
    if pid is None:
        return
    for victim in (pid, *_children(pid)):
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            continue
    _ended(pid_file, 10)


def _ended(pid_file: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while running(pid_file):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _born(pid: int) -> str:
    """When *pid* was born, in any unit that does not change; empty where there is no such living process."""
    if not Path("/proc/self/stat").exists():
        return " ".join(_ps("-o", "lstart=", "-p", str(pid)).split())
    fields = _stat(pid)
    return fields[19] if fields and fields[0] != "Z" else ""


def _children(pid: int) -> list[int]:
    if not Path("/proc/self/stat").exists():
        words = _ps("-A", "-o", "pid=,ppid=").split()
        return [int(child) for child, parent in zip(words[::2], words[1::2], strict=True) if parent == str(pid)]
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [child for child in found if (fields := _stat(child)) and fields[1] == str(pid)]


def _stat(pid: int) -> list[str]:
    """The fields after the program's name, which may itself hold blanks and brackets: state, parent, …"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True).stdout
