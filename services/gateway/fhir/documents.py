"""What surrounds resources: the statement of what can be asked, bundles, and outcomes that went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from services.gateway.fhir.resources import Resource
from shared.errors import Problem

FHIR_VERSION = "4.3.0"
"""R4B."""
SEARCHED = {
    "Organization": {
        "name": ("string", "Words of a network's name, other names, care group or aims."),
        "identifier": ("token", "An organisation by its ODS code, or a network by its address: system|value."),
        "type": ("token", "Networks of a type, care group or stage: the code, with its system where it has several."),
        "_id": ("token", "One by its id, as a bundle."),
    },
    "OrganizationAffiliation": {
        "primary-organization": ("reference", "The network, by id or address."),
        "participating-organization": ("reference", "The oversight body of networks, by its ODS code: system|value."),
    },
    "PractitionerRole": {
        "organization": ("reference", "The network, by id or address. Required."),
        "role": ("token", "The role in the network, such as lead_nurse."),
    },
}
READ = frozenset({"Organization"})
_CODES = {400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 422: "invalid", 429: "throttled"}


def capability_statement(name: str, base: str, date: str) -> Resource:
    """What a client may ask."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "publisher": name,
        "kind": "instance",
        "software": {"name": name},
        "implementation": {"description": f"{name}: networks and their roles, to be read", "url": f"{base}/fhir"},
        "fhirVersion": FHIR_VERSION,
        "format": ["json"],
        "rest": [{"mode": "server", "resource": [_resource(kind) for kind in SEARCHED]}],
    }


def _resource(kind: str) -> Resource:
    wanted = ["search-type", *(["read"] if kind in READ else [])]
    return {
        "type": kind,
        "interaction": [{"code": code} for code in wanted],
        "versioning": "versioned",
        "searchParam": [
            {"name": name, "type": type_, "documentation": said} for name, (type_, said) in SEARCHED[kind].items()
        ],
    }


def bundle(
    found: Sequence[Resource], *, base: str, kind: str, asked: dict[str, Any], total: int | None, following: str | None
) -> Resource:
    """A page of what a search found; the link `next` leads on."""
    here = f"{base}/fhir/{kind}"
    links = [{"relation": "self", "url": _address(here, asked)}]
    if following:
        links.append({"relation": "next", "url": _address(here, {**asked, "cursor": following})})
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        **({"total": total} if total is not None else {}),
        "link": links,
        "entry": [
            {"fullUrl": f"{here}/{resource['id']}", "resource": resource, "search": {"mode": "match"}}
            for resource in found
        ],
    }


def outcome(problem: Problem) -> Resource:
    """A problem, as FHIR tells it."""
    code = _CODES.get(problem.status, "exception")
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": problem.detail or problem.title}],
    }


def _address(url: str, query: dict[str, Any]) -> str:
    said = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{url}?{urlencode(said)}" if said else url
