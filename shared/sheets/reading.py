"""Reading a file in a process of its own: it may fail, swell or be killed, and here that is one sentence."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import orjson

from shared.sheets.cells import Row
from shared.sheets.limits import LARGEST_FILE, LONGEST_LINE, Unreadable

_KNOWN_TO_IT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")
"""What the process sees of the environment: no settings, no secrets."""


class TooDemanding(Unreadable):
    """Reading the file took more memory or time than a list may; remove empty columns and rows, or save it as CSV."""


@dataclass(frozen=True, slots=True)
class About:
    """What a file is: `text` (with its encoding and delimiter) or `workbook` (with its sheets and the one read)."""

    kind: str
    sheets: list[str]
    sheet: str
    encoding: str
    delimiter: str


@asynccontextmanager
async def read(
    content: bytes, *, sheet: str = "", encoding: str = "", batch: int = 500
) -> AsyncIterator[tuple[About, AsyncIterator[list[Row]]]]:
    """What the file is, and its rows, *batch* at a time. Raises Unreadable, also while the rows are read."""
    if len(content) > LARGEST_FILE:
        raise Unreadable(f"The file is larger than {LARGEST_FILE // 2**20} MB; split it, or save it as CSV.")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shared.sheets.parsing", sheet, encoding, limit=LONGEST_LINE,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KNOWN_TO_IT if name in os.environ},
    )  # fmt: skip
    feeding = asyncio.create_task(_feed(process, content), name="sheet-feed")
    try:
        first = orjson.loads(await _line(process))
        if "problem" in first:
            raise Unreadable(first["problem"])
        yield About(**first), _batches(process, batch)
    finally:
        feeding.cancel()
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.gather(feeding, process.wait(), return_exceptions=True)


async def _feed(process: asyncio.subprocess.Process, content: bytes) -> None:
    assert process.stdin
    with suppress(ConnectionError):  # it has seen enough
        process.stdin.write(content)
        await process.stdin.drain()
        process.stdin.close()


async def _batches(process: asyncio.subprocess.Process, size: int) -> AsyncIterator[list[Row]]:
    rows: list[Row] = []
    while not (line := await _line(process)).startswith(b"{"):
        rows.append(Row(*orjson.loads(line)))
        if len(rows) == size:
            yield rows
            rows = []
    if rows:
        yield rows
    if problem := orjson.loads(line).get("problem"):
        raise Unreadable(problem)


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout
    try:
        line = await process.stdout.readline()
    except ValueError:  # longer than a line may be
        raise TooDemanding from None
    if not line:
        raise TooDemanding
    return line
