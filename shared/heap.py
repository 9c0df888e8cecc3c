"""The heap of the C library: what a process let go of goes back to the machine.

A file of some megabytes that was received, read and forgotten would otherwise leave its holes in the heap for as long
as the process lives: an import of thirty thousand rows left forty megabytes. Only glibc has these; elsewhere nothing
is done.
"""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
SMALL = 128 * 1024
"""Bytes from which a piece of memory is mapped by itself; glibc would raise this as soon as a large one is freed."""
ARENAS = 2
"""Heaps for all threads together: they take turns at the interpreter anyway."""


def keep_heap_small() -> None:
    """Say so to the C library, before threads begin."""
    adjust = getattr(ctypes.CDLL(None), "mallopt", None)
    if adjust is not None:
        for parameter, value in ((MMAP_THRESHOLD, SMALL), (TRIM_THRESHOLD, SMALL), (ARENA_MAX, ARENAS)):
            adjust(parameter, value)
