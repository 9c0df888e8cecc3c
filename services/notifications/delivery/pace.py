"""Pace: how fast copies may go to one domain. A domain that says "later" rests, and holds up nobody else.

Known to this process alone: each process finds out for itself, which costs one refused try a process and rest.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from shared.mailer import Accepted, Deferred, Outcome

FIRST_REST, LONGEST_REST = 30.0, 1800.0
PATIENCE = 5
"""Answers of "later" in a row before a domain rests: a single one may concern a single mailbox, or be greylisting."""
_TOO_FAST = re.compile(r"too (many|fast|much)|rate|throttl|slow down|4\.7\.28", re.IGNORECASE)


def rates_in(text: str) -> dict[str, int]:
    """Domain → most copies a second, of `example.com=20,…`."""
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return {domain.strip().lower(): int(rate) for domain, _, rate in pairs}


class Pace:
    """Says of each address how long to wait, and learns from what servers answer."""

    def __init__(self, rates: dict[str, int], now: Callable[[], float] = time.monotonic) -> None:
        """*rates*: domain → most copies a second."""
        self._rates = rates
        self._now = now
        self._rests: dict[str, tuple[float, float]] = {}
        self._next: dict[str, float] = {}
        self._later: dict[str, int] = {}

    def wait(self, address: str) -> float:
        """Seconds before a copy to *address* may go; 0 takes its turn."""
        if not self._rests and not self._rates:
            return 0.0
        domain, now = domain_of(address), self._now()
        until, _ = self._rests.get(domain, (0.0, 0.0))
        if until > now:
            return until - now
        return self._turn(domain, now) if domain in self._rates else 0.0

    def _turn(self, domain: str, now: float) -> float:
        """A turn every 1/rate seconds; a second's worth may be used up at once after a lull."""
        rate = self._rates[domain]
        due = max(self._next.get(domain, 0.0), now - 1.0 + 1.0 / rate)
        if due > now:
            return due - now
        self._next[domain] = due + 1.0 / rate
        return 0.0

    def heard(self, address: str, outcome: Outcome) -> None:
        """Learn from an answer: a mail taken ends all rest."""
        if isinstance(outcome, Accepted):
            if self._rests or self._later:
                self._rests.pop(domain_of(address), None)
                self._later.pop(domain_of(address), None)
        elif isinstance(outcome, Deferred) and not outcome.server_away:
            self._put_off(domain_of(address), outcome.text)

    def _put_off(self, domain: str, text: str) -> None:
        """A domain that said "too fast", or "later" several times, rests; twice as long each time."""
        self._later[domain] = self._later.get(domain, 0) + 1
        until, rest = self._rests.get(domain, (0.0, 0.0))
        is_enough = rest or self._later[domain] >= PATIENCE or _TOO_FAST.search(text)
        if is_enough and until <= self._now():
            rest = min(max(2 * rest, FIRST_REST), LONGEST_REST)
            self._rests[domain] = (self._now() + rest, rest)


def domain_of(address: str) -> str:
    """The domain of an address, in lower case."""
    return address.rpartition("@")[2].lower()
