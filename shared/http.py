"""HTTP/1.1 as uvicorn speaks it, with an end to how much may come before a request's body.

The parser keeps a header until its last byte has come, however long that takes: without a limit, one connection that
sends one endless header takes all the memory there is.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

LARGEST_HEAD = 64 * 1024
"""Bytes of a request line with its headers; a little more passes where they come in one piece."""


class BoundedHttp(HttpToolsProtocol):
    """Answers 431 and hangs up where the head of a request does not end."""

    _head: int | None = 0
    """Bytes of the present request's head so far; None while its body comes."""

    def data_received(self, data: bytes) -> None:
        """Parse, and count what belongs to no body."""
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse()

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next head begins."""
        self._head = 0
        super().on_message_complete()

    def _refuse(self) -> None:
        said = b"The address or the headers are too long."
        head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(said)
        self.transport.write(STATUS_LINE[431] + head + said)
        self.transport.close()
