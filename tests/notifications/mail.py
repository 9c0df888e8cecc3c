"""A mail server for tests: a real SMTP conversation that remembers each mail's Message-ID."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP


class Sink:
    """Takes every mail, after *pause* seconds; refuses those whose recipient is in `refused`."""

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self.taken: Counter[str] = Counter()
        self.mails: dict[str, bytes] = {}
        self.contents: dict[str, list[bytes]] = {}
        self.refused: dict[str, str] = {}
        self.port = 0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        content: bytes = envelope.content
        found = re.search(rb"^Message-ID: <(.*)>\r$", content, re.MULTILINE)
        assert found, content[:500]
        await asyncio.sleep(self.pause)
        self.taken[found[1].decode()] += 1
        self.mails[envelope.rcpt_tos[0]] = content
        self.contents.setdefault(found[1].decode(), []).append(content)
        return "250 OK"


@asynccontextmanager
async def serving(sink: Sink, port: int = 0) -> AsyncIterator[Sink]:
    """Run *sink* on *port*, or on a free one."""
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(sink, enable_SMTPUTF8=True, hostname="sink.example"), "127.0.0.1", port
    )
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
