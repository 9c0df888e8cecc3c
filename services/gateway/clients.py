"""Asking the services, over HTTP, in somebody's name.

Invariants:
1. Every call carries a token signed now for the principal in whose name it is made; a service sees no session.
2. Every call has a time-out, and a service that does not answer becomes `ServiceAway` with its name; where it was
   asked for a change, and may have heard so, `PerhapsSaved`.
3. In one process the calls go straight to the services' applications; nothing else differs.
4. A change with an Idempotency-Key that broke off in the middle is sent again under it, for a few seconds: the service
   makes it once, and whoever pressed the button hears what became of it.
5. Who makes a network may do something with it at once. A service that has not heard of it yet refuses the change,
   which then did nothing, and is asked again, for a second at most: the register's message is on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from services.gateway.within import Answer, WithinProcess
from shared.auth import ANYBODY, GATEWAY, Principal, sign
from shared.config import Settings
from shared.errors import NotFound, PerhapsSaved, Problem, Unavailable
from shared.logging import correlation_id
from shared.telemetry import traceparent

ASK_SECONDS = 10.0
"""How long a read may take."""
CHANGE_SECONDS = 30.0
"""How long a change may take; an import of a large file is the slowest."""
AGAIN_PAUSES = (0.5, 1.0, 1.5, 2.0)
"""Seconds before each time that a change is sent again; a service that was ended is back within them."""
AGAIN_SECONDS = 8.0
"""How long all of them together may take."""
HEARING_PAUSES = (0.1, 0.2, 0.3, 0.4)
"""Seconds between the tries of a change that a service refused because it does not know the network."""
UNKNOWN = ("/problems/no-such-network", "/problems/unknown-network")
"""How the type of such a refusal begins."""
CALLED = {
    "registry": "The register", "membership": "The list of people and organisations", "events": "The list of events",
    "notifications": "The part for alerts, mail and the newsletter", "oversight": "Oversight",
}  # fmt: skip
"""Service → what readers know it as."""
AWAY = Unavailable.status
PERHAPS = PerhapsSaved().document()["type"]
READS = frozenset({"GET", "HEAD"})
TIMEOUT = httpx.Timeout(CHANGE_SECONDS, connect=2).as_dict()


class ServiceAway(Unavailable):
    """A part of the system does not answer at the moment; try again in a minute."""


def does_not_answer(service: str) -> ServiceAway:
    """That a service is away, by the name that readers know."""
    return ServiceAway(f"{CALLED.get(service, service)} does not answer; try again in a minute.", service=service)


def _late(service: str, seconds: float) -> ServiceAway:
    return ServiceAway(f"{CALLED.get(service, service)} did not answer within {seconds:.0f} seconds.", service=service)


def perhaps_saved(service: str) -> PerhapsSaved:
    """That a service was asked for a change and did not say what became of it."""
    return PerhapsSaved(
        f"{CALLED.get(service, service)} stopped answering while this was being saved. "
        "Look whether it was before you try again.", service=service,
    )  # fmt: skip


class Refused(Problem):
    """A service refused; its own problem document says why."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        """Carry the service's *document* on, unchanged."""
        super().__init__(str(document.get("detail") or "The request was refused."))
        self.status = status  # type: ignore[misc]
        self.title = str(document.get("title") or "The request was refused")  # type: ignore[misc]
        self.sent = dict(document)

    def document(self) -> dict[str, Any]:
        """The service's document."""
        return {"title": self.title, "status": self.status, "detail": self.detail, **self.sent}

    @property
    def errors(self) -> list[dict[str, str]]:
        """The fields that were not acceptable: `{"field", "message"}` each."""
        return list(self.sent.get("errors") or [])


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a service of another process answers, and what takes a request there.

    httpx's transport without its client: what the client adds (redirects, cookies, merged addresses) a service never
    needs, and it took as long as the service's own database.
    """

    transport: httpx.AsyncBaseTransport
    address: str = "http://service"

    async def answer(self, method: str, url: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """The whole answer. Raises httpx.HTTPError, and httpx.InvalidURL for what no address can be."""
        request = httpx.Request(
            method, self.address + url, content=content or None, headers=httpx.Headers(headers, encoding="latin-1"),
            extensions={"timeout": TIMEOUT},
        )  # fmt: skip
        answered = await self.transport.handle_async_request(request)
        try:
            content = await answered.aread()
        finally:
            await answered.aclose()
        return Answer(answered.status_code, answered.headers, content)

    async def close(self) -> None:
        """Close every connection."""
        await self.transport.aclose()


Service = Upstream | WithinProcess


@dataclass
class Clients:
    """The services by name."""

    settings: Settings
    by_name: Mapping[str, Service] = field(default_factory=dict)

    async def raw(
        self, service: str, method: str, url: str, *, principal: Principal, content: bytes = b"",
        question: bool = False, **headers: str,
    ) -> Answer:  # fmt: skip
        """One request as it is; *headers* are spelt with underscores. A *question* changes nothing, as any read.

        Raises ServiceAway, PerhapsSaved, and NotFound where *url* has what no address can have: somebody asked for it.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items() if value}
        sent |= {"x-correlation-id": correlation_id(), "traceparent": traceparent()}
        if principal != ANYBODY:
            sent["authorization"] = "Bearer " + sign(principal, self.settings.signing_key)
        reads = question or method in READS
        limit = ASK_SECONDS if reads else CHANGE_SECONDS
        answered = self._once_heard if reads or "idempotency-key" not in sent else self._until_known
        try:
            async with asyncio.timeout(limit):
                return await answered(service, method, url, content, sent)
        except httpx.InvalidURL:
            raise NotFound from None
        except httpx.ConnectError:
            raise does_not_answer(service) from None
        except TimeoutError:
            raise _late(service, limit) if reads else perhaps_saved(service) from None
        except httpx.HTTPError:
            raise does_not_answer(service) if reads else perhaps_saved(service) from None

    async def _until_known(self, service: str, *asked: Any) -> Answer:
        try:
            answer = await self._once_heard(service, *asked)
            if not _says_perhaps(answer):
                return answer
        except httpx.RemoteProtocolError:
            pass
        with suppress(TimeoutError):
            async with asyncio.timeout(AGAIN_SECONDS):
                for pause in AGAIN_PAUSES:
                    await asyncio.sleep(pause)
                    with suppress(httpx.ConnectError, httpx.RemoteProtocolError):
                        if (answer := await self._once_heard(service, *asked)).status_code != AWAY:
                            return answer
        raise perhaps_saved(service)

    async def _once_heard(
        self, service: str, method: str, url: str, content: bytes, headers: Mapping[str, str]
    ) -> Answer:
        asked, may_wait = self._service(service), service != "registry" and method not in READS
        for pause in HEARING_PAUSES if may_wait else ():
            answer = await asked.answer(method, url, content, headers)
            if not _says_unknown(answer):
                return answer
            await asyncio.sleep(pause)
        return await asked.answer(method, url, content, headers)

    async def ask(self, service: str, path: str, *, principal: Principal = GATEWAY, **query: Any) -> Any:
        """The JSON of a GET. Raises Refused and ServiceAway."""
        wanted = {name.rstrip("_"): value for name, value in query.items() if value not in (None, "", [])}
        url = f"{path}?{httpx.QueryParams(wanted)}" if wanted else path
        return content_of(await self.raw(service, "GET", url, principal=principal))

    async def change(
        self, service: str, method: str, path: str, body: Any = None, *, principal: Principal = GATEWAY, **headers: str
    ) -> Any:
        """The JSON that answers a change. Raises Refused, ServiceAway and PerhapsSaved."""
        content = orjson.dumps(body if body is not None else {})
        sent: dict[str, Any] = {"content_type": "application/json", **headers}
        return content_of(await self.raw(service, method, path, principal=principal, content=content, **sent))

    async def question(self, service: str, path: str, body: Any, *, principal: Principal = GATEWAY) -> Any:
        """The JSON that answers a POST that changes nothing: what it asks with must not be in an address.

        Raises Refused and ServiceAway.
        """
        answer = await self.raw(
            service, "POST", path, principal=principal, content=orjson.dumps(body), question=True,
            content_type="application/json",
        )  # fmt: skip
        return content_of(answer)

    def names(self) -> list[str]:
        """The services' names."""
        return list(self.by_name)

    async def close(self) -> None:
        """Close every connection."""
        for service in self.by_name.values():
            await service.close()

    def _service(self, service: str) -> Service:
        try:
            return self.by_name[service]
        except KeyError:
            raise ServiceAway(f"'{service}' is not part of this installation.", service=service) from None


def content_of(answer: Answer) -> Any:
    """The JSON of an answer, None where it is empty. Raises Refused for an error's status."""
    if answer.is_success:
        return orjson.loads(answer.content) if answer.content else None
    raise Refused(answer.status_code, _problem(answer))


def _problem(answer: Answer) -> dict[str, Any]:
    """The problem document of an answer; empty where it is none."""
    try:
        document = orjson.loads(answer.content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _says_perhaps(answer: Answer) -> bool:
    return answer.status_code == AWAY and _problem(answer).get("type") == PERHAPS


def _says_unknown(answer: Answer) -> bool:
    return answer.status_code in (404, 422) and str(_problem(answer).get("type", "")).startswith(UNKNOWN)


def clients_for(settings: Settings, apps: Mapping[str, Any] | None) -> dict[str, Service]:
    """Each service by name: straight to *apps* in one process, else at the addresses of the settings."""
    if apps is not None:
        return {name: WithinProcess(app) for name, app in apps.items()}
    from services.gateway.across import Across  # aiohttp takes a tenth of a second to load

    return {
        name: Upstream(Across(), address.rstrip("/"))
        for name, address in settings.services.items()
        if name != "gateway"
    }
