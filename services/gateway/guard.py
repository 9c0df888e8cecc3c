"""What stands before every page, file and route of the API: requests that browsers were tricked into, bodies without
end, and answers that say too little to a browser.

Invariants:
1. A change that a browser sends from another site is refused, whatever token it carries: by `Sec-Fetch-Site`, and
   where a browser does not say that, by its `Origin`. Programs send neither.
2. No body is read further than its address allows; nobody fills the memory or the disk.
3. Every answer carries the headers that tell a browser what to refuse; what a page says for itself stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.config import Settings
from shared.errors import Forbidden, Problem
from shared.problems import answer
from shared.sheets import LARGEST_FILE

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_FORM = 1024 * 1024
ENVELOPE = 64 * 1024
"""What a form adds to the file in it, at most."""
UPLOADS = ("/networks/imports", "/staff/newsletter-readers/import", "/api/")
Headers = Sequence[tuple[bytes, bytes]]
HARDENED: Headers = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"x-permitted-cross-domain-policies", b"none"),
    (b"cache-control", b"no-store"),
)
"""The OWASP Secure Headers, for answers that do not say otherwise."""
SECURE = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class FromElsewhere(Forbidden):
    """This change was sent from another site, so nothing was done; go to the page itself and repeat it there."""


class TooLarge(Problem):
    """What was sent is too large; send it in parts."""

    status = 413
    title = "Too large"


class Guard:
    """Before *app*."""

    def __init__(self, app: ASGIApp, settings: Settings, refused: Callable[[Problem], ASGIApp] = answer) -> None:
        """The settings say where browsers find us, and whether by https; *refused* answers with a problem."""
        self._app = app
        self._refused = refused
        self._origin = settings.public_url
        secure = settings.public_url.startswith("https://")
        self._headers = (*HARDENED, SECURE) if secure else HARDENED

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with a bounded body and a hardened answer."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if scope["method"] not in SAFE and self._is_foreign(headers):
            await self._refused(FromElsewhere())(scope, receive, hardened(send, self._headers))
            return
        await self._app(scope, _bounded(scope["path"], headers, receive), hardened(send, self._headers))

    def _is_foreign(self, headers: Mapping[bytes, str]) -> bool:
        if site := headers.get(b"sec-fetch-site"):
            return site not in ("same-origin", "none")
        origin = headers.get(b"origin")
        ours = (urlsplit(self._origin).netloc, headers.get(b"host", ""))
        return origin is not None and urlsplit(origin).netloc not in ours


def hardened(send: Send, headers: Headers = HARDENED) -> Send:
    """*send*, with those of *headers* that an answer lacks."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            known = {name.lower() for name, _ in message["headers"]}
            more = [(name, value) for name, value in headers if name not in known]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sending


def _bounded(path: str, headers: Mapping[bytes, str], receive: Receive) -> Receive:
    """*receive*, which raises TooLarge as soon as the body is."""
    most = LARGEST_FILE + ENVELOPE if path.startswith(UPLOADS) else LARGEST_FORM
    left = most

    async def receiving() -> Message:
        nonlocal left
        if int(headers.get(b"content-length") or 0) > most:  # refused before it has been sent
            raise TooLarge
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooLarge
        return message

    return receiving
