"""Somebody signed in with a browser that their account was not used with before: its owner is told, and can end that.

Invariants:
1. A browser is known by the cookie that it was given when its owner last signed in with it (throttle.py): nothing about
   the browser itself is measured or kept.
2. The link that ends a session is signed, names that session alone and opens nothing: whoever finds it signs nobody in.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

import structlog

from services.gateway.signing_in.session import Session
from shared.config import Settings
from shared.errors import NotFound, Problem

if TYPE_CHECKING:
    from services.gateway.edge import Edge

log = structlog.get_logger()
PATH = "/sign-in/end"
REMEMBERED_SECONDS = 180 * 24 * 3600
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS|Chromium", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X|Macintosh", "a Mac"), ("Linux", "Linux"),
)  # fmt: skip


class WrongLink(NotFound):
    """This link is not complete; open it from the mail again, or sign in to see where you are signed in."""


async def remembered(edge: Edge, session: Session, email: str, held: str) -> str:
    """The Set-Cookie that makes a browser known from now on, beside what it *held*; its owner is told if it was not.

    Nobody is kept from signing in because that cannot be said.
    """
    throttle = edge.sessions.throttle
    try:
        await _tell_owner(edge, session, is_known=throttle.knows(email, held))
    except Problem as problem:
        log.warning("sign_in_not_noted", person=session.person_id, reason=problem.detail)
    return edge.sessions.set_cookie(throttle.device(email, held), REMEMBERED_SECONDS, "-device")


def forgotten(edge: Edge, email: str, held: str) -> str:
    """The Set-Cookie by which that browser does not remember any more that somebody with that address signed in."""
    rest = edge.sessions.throttle.without(email, held)
    return edge.sessions.set_cookie(rest, REMEMBERED_SECONDS if rest else 0, "-device")


async def _tell_owner(edge: Edge, session: Session, *, is_known: bool) -> None:
    """Say to membership that somebody signed in; it mails them where the browser is not known."""
    body = {
        "person_id": session.person_id, "is_known": is_known, "browser": browser(session.agent),
        "address": session.address, "end": end_of(edge.settings, session),
    }  # fmt: skip
    await edge.clients.change("membership", "POST", "/internal/sign-ins", body)


def end_of(settings: Settings, session: Session) -> str:
    """The page that ends *session*."""
    named = f"{session.person_id}.{session.key}"
    return f"{settings.public_url}{PATH}/{named}.{_signature(settings, named)}"


def ended_by(settings: Settings, made: str) -> tuple[str, str]:
    """(whose, which) session a link ends. Raises WrongLink."""
    named, _, signature = made.rpartition(".")
    if not hmac.compare_digest(_signature(settings, named).encode(), signature.encode()):
        raise WrongLink
    person_id, _, key = named.rpartition(".")
    return person_id, key


def _signature(settings: Settings, named: str) -> str:
    said = f"end session\n{named}".encode()
    return hmac.new(settings.signing_key.encode(), said, hashlib.sha256).hexdigest()[:32]


def browser(agent: str) -> str:
    """Firefox on Windows, of what a browser calls itself; as well as that can be known."""
    name = next((shown for pattern, shown in BROWSERS if re.search(pattern, agent)), "A browser")
    system = next((shown for pattern, shown in SYSTEMS if re.search(pattern, agent)), "")
    return f"{name} on {system}" if system else name
