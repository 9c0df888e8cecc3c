"""Every service, composed into a process. Only the command line sees them all."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from shared.config import SERVICES, Settings
from shared.service import Parts, Service, Shared, application, parts_of, running_all, shared_parts


def load(name: str) -> Service:
    """The service of that name; imported only now, because a process of one service needs no other."""
    service: Service = importlib.import_module(f"services.{name}.app").service
    return service


class Composition:
    """The services of one process with their parts and their HTTP applications."""

    def __init__(self, settings: Settings, names: Sequence[str] = SERVICES) -> None:
        """Compose the services called *names* on the parts that *settings* choose."""
        self.settings = settings
        self.common: Shared = shared_parts(settings)
        self.services: list[tuple[Service, Parts]] = []
        for name in names:
            service = load(name)
            self.services.append((service, parts_of(service, self.common)))
        self.apps: dict[str, ASGIApp] = {s.name: application(s, parts) for s, parts in self.services}

    def parts(self, name: str) -> Parts:
        """The parts of one service."""
        return next(parts for service, parts in self.services if service.name == name)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything runs until the block ends."""
        async with running_all(self.services, self.common):
            yield
