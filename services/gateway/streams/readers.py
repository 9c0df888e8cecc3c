"""Readers: what the services know of those who have streams open, and how each inbox stands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from sys import intern
from typing import Any

import orjson
import structlog

from services.gateway.clients import Clients
from services.gateway.streams.formats import state_event
from services.gateway.streams.hub import Hub
from services.gateway.streams.picked import KEY, Picked, person_in
from services.gateway.streams.wires import Reader, Ways, moment_of
from shared.errors import Problem

log = structlog.get_logger()
Standing = Mapping[str, Any]
"""`unread` and `total`, counted at a `position` and a `revision`."""


class Readers:
    """The readers with streams on the hub of alerts."""

    def __init__(self, clients: Clients, hub: Hub, picked: Picked) -> None:
        """Ask notifications through *clients*; *picked* knows who reads as a program."""
        self._clients = clients
        self._hub = hub
        self._picked = picked
        self.changes = 0

    async def load(self, person_id: str) -> tuple[Reader, Standing]:
        """A person as notifications knows them now. Raises ServiceAway."""
        found = await self._clients.ask("notifications", f"/internal/reader/{person_id}")
        rules = {intern(audience): _rules(lines) for audience, lines in found["audiences"].items()}
        return Reader(person_id, rules, found["networks"], int(found["revision"])), found

    async def changed(self, payload: bytes) -> None:
        """Somebody's audiences, choices or read marks changed: tell their open streams, and how."""
        self.changes += 1
        try:
            said = orjson.loads(payload)
            person_id = str(said["person_id"])
            await self.reload(person_id, int(said["revision"]), said.get("marks"))
            for key in self._picked.keys_of(person_id):
                await self.reload(key)
        except (ValueError, KeyError, TypeError):
            log.warning("broadcast_unreadable", channel="readers")

    async def reload_all(self) -> None:
        """Broadcasts may have been missed: load every reader again."""
        self.changes += 1
        for key in list(self._hub.readers):
            await self.reload(key)

    async def reload(self, key: str, revision: int | None = None, marks: Mapping[str, Any] | None = None) -> None:
        """Load one reader again, if they have streams open, and tell those how the inbox stands.

        *marks* say what happened at *revision*; without them whoever knows an older revision must look again.
        """
        reader = self._hub.readers.get(key)
        if reader is None or key.startswith("public"):
            return
        try:
            fresh, standing = await self._fresh(key)
        except Problem as problem:
            log.warning("reader_not_loaded", reason=problem.detail)
            return
        if self._hub.readers.get(key) is not reader:
            return
        self._hub.change(reader, fresh)
        if standing:
            known = standing if revision is None else {**standing, "revision": revision}
            self._hub.say(reader, state_event(known, marks))

    async def _fresh(self, key: str) -> tuple[Reader, Standing]:
        """A reader as they are now; programs that read what they picked have no inbox that could stand somehow."""
        if key.startswith(KEY):
            return Reader(key, await self._picked.audiences(person_in(key))), {}
        return await self.load(key)


def _rules(lines: list[Any]) -> Ways:
    return _shared(tuple((moment_of(since), tuple(bests)) for since, bests in lines))


@lru_cache(10_000)
def _shared(rules: Ways) -> Ways:
    """The same object for all who are told the same way: ten thousand members have one, not one each."""
    return rules
