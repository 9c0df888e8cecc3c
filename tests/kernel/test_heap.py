"""What a process let go of goes back to the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared import heap

AGAIN = """
import os
from shared.heap import begin_in_large_pages

print(os.getpid(), flush=True)
begin_in_large_pages()
print(os.environ)
"""
HOLES = """
import sys
from pathlib import Path
from shared.heap import keep_heap_small

if sys.argv[1] == "small":
    keep_heap_small()
large = [bytes(1_000_000) for _ in range(50)]
large.clear()
held, between = [], []
for _ in range(200):
    held.append(bytes(200_000))
    between.append(bytes(600))
held.clear()
print(next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line))
"""


def resident(how: str) -> int:
    """Kilobytes of a process in whose heap small things lie between large ones that are gone."""
    done = subprocess.run([sys.executable, "-c", HOLES, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_large_pieces_that_are_gone_leave_no_holes() -> None:
    assert resident("small") < resident("as it is") - 20_000


def begun(**environment: str) -> list[str]:
    """What a program says that begins in large pages: its number each time that it begins, then its environment."""
    command = [sys.executable, "-c", AGAIN]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.skipif(not heap.large_pages(), reason="This machine has no large pages for those who ask.")
def test_a_program_begins_anew_once_and_stays_the_same_process() -> None:
    first, second, environment = begun(PATH=os.environ["PATH"])
    assert first == second and "glibc.malloc.hugetlb=1" in environment and "'PYTHONMALLOC': 'malloc'" in environment


def test_what_somebody_chose_stays() -> None:
    _, environment = begun(PYTHONMALLOC="pymalloc")
    assert "hugetlb" not in environment


def test_without_large_pages_nothing_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for said in ("always madvise [never]", None):
        monkeypatch.setattr(heap, "HUGE_PAGES", tmp_path / "enabled")
        (tmp_path / "enabled").unlink(missing_ok=True)
        if said:
            (tmp_path / "enabled").write_text(said)
        assert heap.large_pages() == {}
