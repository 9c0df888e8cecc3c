"""Static files, read once at start, with the content's hash in their address, so that they are cached for ever."""

from __future__ import annotations

import gzip
import hashlib
from html import escape
from pathlib import Path

from starlette.types import Receive, Scope, Send

from services.gateway.dark import dark

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".ico": b"image/x-icon",
    ".png": b"image/png",
    ".txt": b"text/plain; charset=utf-8",
    ".webmanifest": b"application/manifest+json",
}
LIGHT = ("nhsuk-frontend-10.6.1.min.css", "tidings.css")
FOR_EVER = b"public, max-age=31536000, immutable"


class Assets:
    """All files under `static/`, each also compressed; `NAME` in them is the wordmark's text."""

    def __init__(self, name: str) -> None:
        """*name* is the service's name, written into the wordmark and the manifest."""
        self._files = {}
        digest = hashlib.sha256()
        for path in sorted(FOLDER.rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                if path.name == "dark.css":
                    content = _dark().encode() + content
                if path.suffix in {".svg", ".webmanifest"} or path.name == "push-worker.js":
                    content = content.replace(b"%NAME%", escape(name).encode())
                relative = path.relative_to(FOLDER).as_posix()
                digest.update(relative.encode() + content)
                self._files[relative] = (content, gzip.compress(content, 6, mtime=0), TYPES.get(path.suffix, b""))
        self.base = f"/static/{digest.hexdigest()[:12]}"

    def content(self, name: str) -> bytes:
        """A file as it is served."""
        return self._files[name][0]

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Serve `/static/<hash>/<file>`. An older hash gets today's file, uncached: pages may be older than we are."""
        _, _, rest = scope["path"].removeprefix("/static/").partition("/")
        found = self._files.get(rest)
        if found is None:
            await _send(send, 404, b"There is no such file.", [(b"content-type", b"text/plain")])
            return
        content, compressed, kind = found
        current = scope["path"].startswith(self.base + "/")
        headers = [(b"content-type", kind), (b"cache-control", FOR_EVER if current else b"no-cache")]
        headers += [(b"vary", b"accept-encoding"), (b"x-content-type-options", b"nosniff")]
        if any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"]):
            content, headers = compressed, [*headers, (b"content-encoding", b"gzip")]
        await _send(send, 200, b"" if scope["method"] == "HEAD" else content, headers)


def _dark() -> str:
    """The light stylesheets' colours on dark pages, in the order in which pages ask for them."""
    return "".join(dark((FOLDER / name).read_text()) for name in LIGHT)


async def _send(send: Send, status: int, content: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    headers = [*headers, (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
