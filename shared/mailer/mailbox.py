"""The local mailbox: where mail goes when no mail server is set, with what a page needs to show it.

Invariants:
1. A mail is known by its message id: sent again (after a crash) it is no second copy, but the repeat is counted.
2. `send` answers after the commit. Mails sent at once share one transaction: while one is written the next gather.
3. SQLite works in two threads of its own, one that writes and one that reads: the loop never waits for the disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import structlog

from shared.mailer import Accepted, Deferred, Mail, Outcome

log = structlog.get_logger()
CONNECTIONS = 20
BATCH = 500
_SUBJECT = re.compile(rb"^subject:[ \t]*(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
_TABLE = """
CREATE TABLE IF NOT EXISTS mails (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id TEXT NOT NULL UNIQUE,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL COLLATE NOCASE,
  subject TEXT NOT NULL,
  received_at REAL NOT NULL,
  repeats INTEGER NOT NULL DEFAULT 0,
  content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS mails_by_recipient ON mails (recipient, number);
"""
_INSERT = """
INSERT INTO mails (message_id, sender, recipient, subject, received_at, content) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (message_id) DO UPDATE SET repeats = repeats + 1
"""
_WHERE = r"""
FROM mails WHERE (:recipient IS NULL OR recipient = :recipient) AND (:before IS NULL OR number < :before)
AND (:like IS NULL OR subject LIKE :like ESCAPE '\' OR recipient LIKE :like ESCAPE '\')
"""
_LIST = f"""
SELECT number, message_id, sender, recipient, subject, received_at, repeats, length(content)
{_WHERE} ORDER BY number DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class MailSummary:
    """A mail in a list. `number` rises with each mail: the last one's is `before` of the next page."""

    number: int
    message_id: str
    sender: str
    recipient: str
    subject: str
    received_at: datetime
    repeats: int
    size: int


Summaries = list[MailSummary]
Waiting = tuple[Mail, "asyncio.Future[Outcome]"]


class LocalMailbox:
    """A mailer that keeps every mail in one SQLite file. Several processes may have it open."""

    def __init__(self, path: Path) -> None:
        """Keep the mails in the file at *path*, made where it does not exist."""
        self.path = path
        self.away: str | None = None
        self._writer = ThreadPoolExecutor(1, "mailbox-writer")
        self._reader = ThreadPoolExecutor(1, "mailbox-reader")
        self._database: sqlite3.Connection | None = None
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Make the file and its table."""
        await self._in(self._writer, self._open)

    async def stop(self) -> None:
        """Finish what was handed over, and close."""
        if self._writing:
            await asyncio.wait([self._writing], timeout=10)
        await self._in(self._writer, self._close)
        self._writer.shutdown(wait=False)
        self._reader.shutdown(wait=False)

    def connections(self) -> int:
        """How many connections at once are worth having for a large mailing."""
        return CONNECTIONS

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[LocalMailbox]:
        """The mailbox itself: nothing is opened."""
        yield self

    async def send(self, mail: Mail, following: str = "") -> Outcome:
        """Keep *mail*; answers after the commit."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((mail, outcome))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name="mailbox-writing")
        return await outcome

    async def forget(self, recipient: str) -> None:
        """Drop every mail to the address of that SHA-256, and overwrite where it stood."""
        await self._in(self._writer, self._delete, recipient)

    # For the page

    async def list(
        self, recipient: str | None = None, query: str | None = None, limit: int = 50, before: int | None = None
    ) -> Summaries:
        """The newest mails first, of one *recipient*, with *query* in subject or recipient, older than *before*."""
        wanted = _wanted(recipient, query, before) | {"limit": limit}
        rows = await self._read(lambda database: database.execute(_LIST, wanted).fetchall())
        return [_summary(row) for row in rows]

    async def count(self, recipient: str | None = None, query: str | None = None) -> int:
        """How many mails `list` would give without a limit."""
        wanted = _wanted(recipient, query, None)
        sql = f"SELECT count(*) {_WHERE}"
        return int(await self._read(lambda database: database.execute(sql, wanted).fetchone()[0]))

    async def read(self, message_id: str) -> Mail | None:
        """The mail with that message id."""
        sql = "SELECT message_id, sender, recipient, content FROM mails WHERE message_id = ?"
        row = await self._read(lambda database: database.execute(sql, (message_id,)).fetchone())
        return Mail(*row) if row else None

    # In the threads

    async def _write_all(self) -> None:
        """Write what waits, a transaction at a time, until nothing does."""
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            outcome = await self._written([mail for mail, _ in batch])
            for _, waiting in batch:
                if not waiting.done():
                    waiting.set_result(outcome)

    async def _written(self, mails: Sequence[Mail]) -> Outcome:
        try:
            await self._in(self._writer, self._insert, mails)
        except Exception as error:
            log.warning("mailbox_not_written", reason=str(error), mails=len(mails))
            self.away = f"The local mailbox cannot be written ({error})."
            return Deferred(self.away, server_away=True)
        self.away = None
        return Accepted("kept in the local mailbox")

    async def _read(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        def read() -> Any:
            with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as database:
                return work(database)

        return await self._in(self._reader, read)

    async def _in(self, thread: ThreadPoolExecutor, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(thread, work, *arguments)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(self.path, timeout=5, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_TABLE)

    def _close(self) -> None:
        if self._database:
            self._database.close()
            self._database = None

    def _delete(self, recipient: str) -> None:
        if self._database is None:
            raise RuntimeError("the mailbox is not open")
        self._database.execute("PRAGMA secure_delete = ON")
        found = self._database.execute("SELECT DISTINCT recipient FROM mails").fetchall()
        theirs = [row for row in found if hashlib.sha256(row[0].lower().encode()).hexdigest() == recipient]
        self._database.executemany("DELETE FROM mails WHERE recipient = ?", theirs)
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _insert(self, mails: Sequence[Mail]) -> None:
        if self._database is None:
            raise RuntimeError("the mailbox is not open")
        now = time.time()
        rows = [
            (mail.message_id, mail.sender, mail.recipient, subject_of(mail.content), now, mail.content)
            for mail in mails
        ]
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany(_INSERT, rows)
        except BaseException:
            self._database.rollback()
            raise
        self._database.execute("COMMIT")


def subject_of(content: bytes) -> str:
    """The subject of an RFC 5322 message, unfolded and decoded; empty where there is none."""
    head = content[:65536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    found = _SUBJECT.search(head)
    raw = " ".join(found[1].decode(errors="replace").split()) if found else ""
    if "=?" not in raw:
        return raw
    try:
        return str(make_header(decode_header(raw)))
    except (MessageError, LookupError, ValueError):
        return raw


def _wanted(recipient: str | None, query: str | None, before: int | None) -> dict[str, Any]:
    escaped = re.sub(r"([\\%_])", r"\\\1", query) if query else None
    return {"recipient": recipient or None, "before": before, "like": f"%{escaped}%" if escaped else None}


def _summary(row: tuple[Any, ...]) -> MailSummary:
    number, message_id, sender, recipient, subject, received_at, repeats, size = row
    received = datetime.fromtimestamp(received_at, UTC)
    return MailSummary(number, message_id, sender, recipient, subject, received, repeats, size)
