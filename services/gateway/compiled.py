"""Templates as they were compiled, kept between two starts: those of the first page took a twelfth of a start.

Invariants:
1. What is kept counts only for the template's text, and for the code of the gateway, that it was made with: what a
   filter makes of a constant is compiled in.
2. A folder that cannot be read or written costs time, never a page.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

CODE = Path(__file__).parent


class Compiled(FileSystemBytecodeCache):
    """A file for each template that was shown."""

    def __init__(self, folder: Path) -> None:
        """Keep them in *folder*, which is made where it is missing and is ours alone: what it holds is run."""
        super().__init__(str(folder))
        self._code = written(CODE)
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get_source_checksum(self, source: str) -> str:
        """What the template and the code are known by."""
        return hashlib.sha256(f"{self._code}\n{source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill *bucket*; it stays empty where nothing is kept that can be used."""
        try:
            super().load_bytecode(bucket)
        except Exception:
            bucket.reset()  # whatever was wrong with the file, it can be made anew

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep *bucket* where that is possible."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def written(folder: Path) -> int:
    """When the newest Python file in *folder* was written, in nanoseconds since 1970."""
    return max(file.stat().st_mtime_ns for file in folder.rglob("*.py"))
