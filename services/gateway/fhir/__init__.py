"""`/fhir`: networks, the organisations behind them and their roles for programs that speak FHIR R4B; to be read only.

Everything is asked of the services' own API on behalf of the caller, so FHIR shows nobody more than the pages do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.api import caller
from services.gateway.clients import Refused
from services.gateway.fhir.documents import READ, SEARCHED, bundle, capability_statement, outcome
from services.gateway.fhir.resources import (
    ODS,
    Resource,
    affiliations,
    network_organization,
    organization,
    practitioner_role,
)
from shared import clock
from shared.auth import Principal
from shared.errors import BadRequest, NotFound, Problem

if TYPE_CHECKING:
    from services.gateway.edge import Edge

MEDIA_TYPE = "application/fhir+json"
USUAL_COUNT, MOST = 25, 100
ALWAYS = frozenset({"_count", "_format", "cursor"})
NETWORK_TYPES = frozenset({"disease", "specialty", "client_group", "function"})
STAGES = frozenset({"informal", "emerging", "managed", "closing", "closed"})
JSON = frozenset({"json", "application/json", MEDIA_TYPE})


class NoSuchResource(NotFound):
    """There is no such resource here; /fhir/metadata lists what can be read and searched."""


class NotUnderstood(BadRequest):
    """The search could not be understood; /fhir/metadata lists the parameters."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One request: who asks what, and where from."""

    edge: Edge
    principal: Principal
    kind: str
    query: dict[str, str]

    @property
    def base(self) -> str:
        """The address of this installation."""
        return self.edge.settings.public_url

    @property
    def count(self) -> int:
        """How many resources, or networks, a page holds. Raises NotUnderstood."""
        said = self.query.get("_count", str(USUAL_COUNT))
        if not said.isdigit() or not 1 <= int(said) <= MOST:
            raise NotUnderstood(f"_count is a number from 1 to {MOST}, not '{said}'.")
        return int(said)

    async def ask(self, service: str, path: str, **query: Any) -> Any:
        """What a service answers the caller."""
        return await self.edge.clients.ask(service, path, principal=self.principal, **query)

    async def one(self, service: str, path: str) -> Any:
        """The same; None where there is no such thing."""
        try:
            return await self.ask(service, path)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    async def network(self, reference: str) -> Any:
        """The network that *reference* (an id, an address, or either behind `Organization/`) names, or None."""
        return await self.one("registry", f"/networks/{_segment(reference.rpartition('/')[2])}")


def routes() -> list[Route]:
    """What can be read, and an answer in FHIR's own form for what cannot."""
    return [
        Route("/fhir/metadata", _answered(metadata)),
        Route("/fhir/{kind}", _answered(search)),
        Route("/fhir/{kind}/{id}", _answered(read)),
        Route("/fhir{rest:path}", _answered(nothing)),
    ]


async def metadata(asking: Asking, _request: Request) -> Resource:
    """The CapabilityStatement."""
    return capability_statement(asking.edge.settings.name, asking.base, clock.now().date().isoformat())


async def read(asking: Asking, request: Request) -> Resource:
    """A network, or an organisation, by its id."""
    if asking.kind not in READ:
        raise NoSuchResource(f"{asking.kind} cannot be read by an id; search for it by its network.")
    if found := await _by_id(asking, request.path_params["id"]):
        return found
    raise NoSuchResource


async def _by_id(asking: Asking, wanted: str) -> Resource | None:
    if network := await asking.network(wanted):
        return network_organization(network, asking.base)
    found = await asking.one("membership", f"/organisations/{_segment(wanted)}")
    return organization(found) if found else None


async def search(asking: Asking, _request: Request) -> Resource:
    """A bundle of what matches."""
    if asking.kind not in SEARCHED:
        raise NoSuchResource
    if unknown := set(asking.query) - set(SEARCHED[asking.kind]) - ALWAYS:
        raise NotUnderstood(f"'{sorted(unknown)[0]}' is not searched by; {' and '.join(SEARCHED[asking.kind])} are.")
    found, total, following = await _SEARCHES[asking.kind](asking)
    asked = {name: value for name, value in asking.query.items() if name != "_format"}
    return bundle(found, base=asking.base, kind=asking.kind, asked=asked, total=total, following=following)


async def nothing(_asking: Asking, _request: Request) -> Resource:
    """Any other address."""
    raise NoSuchResource


Found = tuple[list[Resource], int | None, str | None]
"""A page of resources, how many there are in all where that is known, and where the next page begins."""


async def _organizations(asking: Asking) -> Found:
    if identifier := asking.query.get("identifier"):
        return await _identified(asking, identifier)
    if wanted := asking.query.get("_id"):
        one = await _by_id(asking, wanted)
        return [one] if one else [], int(one is not None), None
    page = await _networks(asking, q=asking.query.get("name", ""), **_facet(asking.query.get("type", "")))
    return [network_organization(one, asking.base) for one in page["items"]], page["total"], page["next"]


def _facet(said: str) -> dict[str, str]:
    """The choice among networks that a type stands for. Raises NotUnderstood."""
    system, _, code = said.rpartition("|")
    facets = {"network-type": "type", "care-group": "care_group", "network-stage": "stage"}
    if not said:
        return {}
    if not system:
        return {"type" if code in NETWORK_TYPES else "stage" if code in STAGES else "care_group": code}
    try:
        return {facets[system.rpartition("/")[2]]: code}
    except KeyError:
        raise NotUnderstood(f"'{system}' is none of our systems of types: {', '.join(facets)}.") from None


async def _identified(asking: Asking, identifier: str) -> Found:
    system, _, value = identifier.rpartition("|")
    found: list[Resource] = []
    if system in ("", f"{asking.base}/networks") and (network := await asking.network(value)):
        found.append(network_organization(network, asking.base))
    elif system in ("", ODS) and (known := await asking.one("membership", f"/organisations/{_segment(value)}")):
        found.append(organization(known))
    return found, len(found), None


async def _affiliations(asking: Asking) -> Found:
    if reference := asking.query.get("primary-organization"):
        network = await asking.network(reference)
        found = list(affiliations(network, asking.base)) if network else []
        return found, len(found), None
    code = asking.query.get("participating-organization", "").rpartition("|")[2]
    page = await _networks(asking, sha=code)
    made = [one for network in page["items"] for one in affiliations(network, asking.base)]
    wanted = [one for one in made if not code or one["participatingOrganization"]["identifier"]["value"] == code]
    return wanted, page["total"] if code else None, page["next"]


async def _roles(asking: Asking) -> Found:
    reference = asking.query.get("organization")
    if not reference:
        raise NotUnderstood("Say of which network: ?organization=<its id or address>.")
    network = await asking.network(reference)
    if network is None:
        return [], 0, None
    role = asking.query.get("role", "").rpartition("|")[2]
    every = (await asking.ask("membership", f"/networks/{network['id']}/roles"))["items"]
    held = [one for one in every if role in ("", one["role"])]
    return [practitioner_role(role, network, asking.base) for role in held], len(held), None


async def _networks(asking: Asking, **query: str) -> Any:
    return await asking.ask("registry", "/networks", limit=asking.count, cursor=asking.query.get("cursor"), **query)


_SEARCHES: dict[str, Callable[[Asking], Awaitable[Found]]] = {
    "Organization": _organizations,
    "OrganizationAffiliation": _affiliations,
    "PractitionerRole": _roles,
}


def _segment(said: str) -> str:
    """A part of an address that is nothing but letters, figures and hyphens. Raises NoSuchResource."""
    if not said or not all(sign.isalnum() or sign == "-" for sign in said) or not said.isascii():
        raise NoSuchResource
    return said


def _answered(function: Callable[[Asking, Request], Awaitable[Resource]]) -> Callable[[Request], Awaitable[Response]]:
    """*function* answered as FHIR, its problems as an OperationOutcome."""

    async def endpoint(request: Request) -> Response:
        try:
            return _json(await function(await _asking(request), request))
        except Problem as problem:
            return _json(outcome(problem), problem.status)

    endpoint.__name__ = function.__name__
    return endpoint


async def _asking(request: Request) -> Asking:
    query = {name: value.strip() for name, value in request.query_params.items()}
    if query.get("_format", "json") not in JSON:
        raise NotUnderstood("Only JSON is spoken here: leave _format out.")
    return Asking(request.app.state.edge, await caller(request), request.path_params.get("kind", ""), query)


def _json(resource: Resource, status: int = 200) -> Response:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    version = resource.get("meta", {}).get("versionId")
    if version:
        headers["etag"] = f'W/"{version}"'
    return Response(orjson.dumps(resource), status, headers, media_type=MEDIA_TYPE)
