"""The heap of the C library: what a process let go of goes back to the machine, and what it holds is found quickly.

A file of some megabytes that was received, read and forgotten would otherwise leave its holes in the heap for as long
as the process lives: an import of thirty thousand rows left forty megabytes. And a program that holds ten thousand
connections, or answers one page after another, touches more pages of four kilobytes than a processor remembers the
places of; pages of two megabytes are few (docs/adr/0026-memory-in-large-pages.md). Only glibc has these; elsewhere
nothing is done.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

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


HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
"""Where Linux says who may have large pages: `always`, `madvise` (whoever asks) or `never`, the valid one bracketed."""
IN_LARGE_PAGES = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Python takes all its memory from the C library, and that asks for large pages. Both read this before they begin."""


def large_pages() -> dict[str, str]:
    """The environment in which a program has its memory in large pages; empty where there are none to be had."""
    with suppress(OSError, ValueError, AttributeError):
        if (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc") and "[never]" not in HUGE_PAGES.read_text():
            return IN_LARGE_PAGES
    return {}


def begin_in_large_pages() -> None:
    """Begin this program anew in that environment, as the same process; not where somebody has chosen another."""
    if not os.environ.keys() & IN_LARGE_PAGES.keys() and (wanted := large_pages()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **wanted})  # noqa: S606
