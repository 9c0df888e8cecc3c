"""How many alerts a reader has not read, as the header of every page says it: kept until something may have changed it.

Invariant: what is kept was counted after the last alert of which this gateway heard and after anybody's choices or
marks changed, and is never older than KEPT_SECONDS, because a broadcast may be lost.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import orjson

from services.gateway.clients import Clients
from services.gateway.streams.hub import Hub
from shared.auth import Principal

KEPT_SECONDS = 5.0
MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A count: of which state of the stream of alerts, and until when it will do."""

    at: tuple[str, int]
    until: float
    count: int


class Unread:
    """The counts by person."""

    def __init__(self, clients: Clients, alerts: Hub) -> None:
        """Ask notifications through *clients*; *alerts* hears of each alert."""
        self._clients = clients
        self._alerts = alerts
        self._kept: dict[str, Kept] = {}
        self._changes = 0

    async def of(self, principal: Principal) -> int:
        """A person's count. Raises Refused, ServiceAway."""
        at, person, changes = (self._alerts.epoch, self._alerts.position), principal.person_id, self._changes
        kept = self._kept.get(person)
        if kept and kept.at == at and kept.until > time.monotonic():
            return kept.count
        found = await self._clients.ask("notifications", "/alerts/unread", principal=principal)
        if changes == self._changes:
            self._keep(person, Kept(at, time.monotonic() + KEPT_SECONDS, int(found["unread"])))
        return int(found["unread"])

    def _keep(self, person: str, kept: Kept) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[person] = kept

    def forget(self, person: str = "") -> None:
        """Somebody's choices or marks changed; without *person*, perhaps anybody's."""
        self._changes += 1
        if person:
            self._kept.pop(person, None)
        else:
            self._kept.clear()

    def heard(self, payload: bytes) -> None:
        """A broadcast says whose choices or marks changed."""
        try:
            self.forget(str(orjson.loads(payload)["person_id"]))
        except (ValueError, KeyError, TypeError):
            self.forget()
