"""What a process let go of goes back to the machine."""

from __future__ import annotations

import subprocess
import sys

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
