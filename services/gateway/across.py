"""To a service in another process, by aiohttp's client.

httpx's own transport looks at every idle connection for every request and asks several times which event loop it runs
on: a fifth of the gateway's time at fifty changes a second. This takes two fifths of that.
"""

from __future__ import annotations

import aiohttp
import httpx
from yarl import URL

MOST = 100
IDLE_SECONDS = 20.0
"""A service closes a connection that was left for longer (shared/process.py)."""
CONNECT_SECONDS = 2.0
UNASKED = ("accept", "accept-encoding", "content-type", "user-agent")
"""Headers that aiohttp would add."""


class Across(httpx.AsyncBaseTransport):
    """Connects as it needs to; whoever waits longer than they like gives up by themselves."""

    def __init__(self) -> None:
        """Nothing is connected yet."""
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer.

        Raises httpx.ConnectError where nobody is, RemoteProtocolError where it breaks off, and LocalProtocolError for
        what no header can hold.
        """
        self._session = self._session or _session()
        asked = self._session.request(
            request.method, URL(str(request.url), encoded=True), headers=request.headers.multi_items(),
            data=await request.aread() or None, allow_redirects=False,
        )  # fmt: skip
        try:
            async with asked as answer:
                return httpx.Response(answer.status, headers=answer.raw_headers, content=await answer.read())
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError(str(error)) from error
        except aiohttp.ClientError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        except ValueError as error:
            raise httpx.LocalProtocolError(str(error)) from error

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MOST, keepalive_timeout=IDLE_SECONDS),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, skip_auto_headers=UNASKED,
    )  # fmt: skip
