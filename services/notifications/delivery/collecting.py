"""Collecting what comes back from a Maildir: reports are taken and put away, all else stays to be seen.

Any number of processes may collect: a mail is taken over by moving it, which one of them alone can do.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import structlog

from services.notifications.commands.readers import forget_unconfirmed
from services.notifications.commands.returned import take_returned
from services.notifications.returned import read_returned
from shared.service import Parts

log = structlog.get_logger()
POLL_SECONDS = 5.0
FORGET_EVERY = 720
"""Looks between two rounds of forgetting addresses that were never confirmed: an hour."""
LARGEST = 5_000_000
TAKEN, ODD = ".Taken", ".Unread"


async def collect(parts: Parts) -> None:
    """The worker: read new mails until told to stop."""
    folder = Path(parts.settings.returned_mail) if parts.settings.returned_mail else None
    looks = 0
    while True:
        if folder is not None:
            await collect_from(parts, folder)
        if looks % FORGET_EVERY == 0:
            async with parts.database.transaction() as session:
                await forget_unconfirmed(session)
        looks += 1
        await asyncio.sleep(POLL_SECONDS)


async def collect_from(parts: Parts, folder: Path) -> None:
    """Take every new mail of a Maildir. One that is no report of ours is put aside, where people can look at it."""
    for path in await asyncio.to_thread(_new_mails, folder):
        held = await asyncio.to_thread(_taken_over, path, folder)
        if held is None:
            continue
        with suppress(FileNotFoundError):  # another process put it away meanwhile
            content = await asyncio.to_thread(held.read_bytes)
            await _take(parts, held, content[:LARGEST], folder)


async def _take(parts: Parts, held: Path, content: bytes, folder: Path) -> None:
    try:
        found = read_returned(content)
    except Exception as error:  # a stranger's mail may be anything; it must not hold up the others
        log.warning("returned_mail_not_read", file=held.name, reason=type(error).__name__)
        found = []
    async with parts.database.transaction() as session:
        believed = await take_returned(session, found)
    if not believed:
        log.info("returned_mail_not_ours", file=held.name)
    await asyncio.to_thread(_put_away, held, folder / (TAKEN if believed else ODD))


def _new_mails(folder: Path) -> list[Path]:
    """New mails, and those that a process took over and left when it was killed."""
    return [
        path for name in ("tmp-taken", "new") if (folder / name).is_dir() for path in sorted((folder / name).iterdir())
    ]


def _taken_over(path: Path, folder: Path) -> Path | None:
    target = folder / "tmp-taken" / path.name
    if path == target:
        return path
    target.parent.mkdir(exist_ok=True)
    try:
        return path.rename(target)
    except FileNotFoundError:
        return None


def _put_away(path: Path, folder: Path) -> None:
    (folder / "cur").mkdir(parents=True, exist_ok=True)
    path.rename(folder / "cur" / f"{path.name}:2,S")
