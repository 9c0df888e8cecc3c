"""A Maildir in which returned mail arrives. A mail is taken over by moving it, which one process alone can do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

LARGEST = 5_000_000
"""Bytes that are read of a mail; a report says what it has to say at its beginning."""
TAKEN, ODD = ".Taken", ".Unread"
HELD = "tmp-taken"


class Maildir:
    """The mails of one folder."""

    pause = 5.0

    def __init__(self, folder: Path) -> None:
        """Read the mails in *folder*/new."""
        self._folder = folder

    async def look(self, take: Callable[[bytes], Awaitable[bool]]) -> None:
        """Hand over every new mail, and those that a process took over and left when it was killed."""
        for path in await asyncio.to_thread(self._mails):
            held = await asyncio.to_thread(self._taken_over, path)
            if held is None:
                continue
            with suppress(FileNotFoundError):  # another process put it away meanwhile
                content = await asyncio.to_thread(held.read_bytes)
                is_ours = await take(content[:LARGEST])
                await asyncio.to_thread(self._put_away, held, TAKEN if is_ours else ODD)

    def close(self) -> None:
        """Nothing is held open."""

    def _mails(self) -> list[Path]:
        folders = [folder for name in (HELD, "new") if (folder := self._folder / name).is_dir()]
        return [path for folder in folders for path in sorted(folder.iterdir())]

    def _taken_over(self, path: Path) -> Path | None:
        target = self._folder / HELD / path.name
        if path == target:
            return path
        target.parent.mkdir(exist_ok=True)
        try:
            return path.rename(target)
        except FileNotFoundError:
            return None

    def _put_away(self, path: Path, name: str) -> None:
        target = self._folder / name / "cur"
        target.mkdir(parents=True, exist_ok=True)
        path.rename(target / f"{path.name}:2,S")
