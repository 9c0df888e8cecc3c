"""Networks, the organisations behind them and their roles as FHIR R4B resources (hl7.org/fhir/R4B).

A network is an Organization, a body or host of it an OrganizationAffiliation, somebody's role a PractitionerRole. What
is made here holds nothing that the pages do not show to everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.gateway.rendering import words

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
"""The identifier system of organisations' codes."""
ORGANIZATION_TYPE = "http://terminology.hl7.org/CodeSystem/organization-type"
DATA_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
Resource = dict[str, Any]


def network_organization(network: Mapping[str, Any], base: str) -> Resource:
    """A network's record."""
    return _without_empty({
        "resourceType": "Organization",
        "id": network["id"],
        "meta": {"versionId": str(network["revision"]), "lastUpdated": network["updated_at"]},
        "identifier": [{"system": f"{base}/networks", "value": network["slug"]}],
        "active": not network["archived"],
        "type": [
            _concept(ORGANIZATION_TYPE, "cg", "Community Group"),
            _concept(f"{base}/fhir/CodeSystem/network-type", network["type"], words(network["type"])),
            _concept(f"{base}/fhir/CodeSystem/care-group", network["care_group"], words(network["care_group"])),
            _concept(f"{base}/fhir/CodeSystem/network-stage", network["stage"], words(network["stage"])),
        ],
        "name": network["name"],
        "alias": list(network["aliases"]),
        "telecom": [
            {"system": system, "value": network[field], "use": "work"}
            for system, field in (("url", "web"), ("email", "email"))
            if network[field]
        ],
        "partOf": _by_code(network["host"]) if network["host"] else None,
    })  # fmt: skip


def organization(found: Mapping[str, Any]) -> Resource:
    """A trust, a primary care trust, an oversight body, or another organisation that membership knows."""
    address = {"use": "work", "city": found["town"], "postalCode": found["postcode"]}
    return _without_empty({
        "resourceType": "Organization",
        "id": found["id"],
        "meta": {"versionId": str(found["revision"])},
        "identifier": [{"use": "official", "system": ODS, "value": found["code"]}] if found["code"] else [],
        "active": True,
        "type": [{"text": words(found["kind"])}],
        "name": found["name"],
        "address": [address] if found["town"] or found["postcode"] else [],
        "partOf": _by_code(found["body"]) if found["body"] else None,
    })  # fmt: skip


def affiliations(network: Mapping[str, Any], base: str) -> Iterator[Resource]:
    """The organisations that a network belongs with: its host, and the bodies that oversee it."""
    with_it = [(code, "agency", "Agency") for code in network["bodies"]]
    if network["host"]:
        with_it.insert(0, (network["host"], "provider", "Provider"))
    for code, role, shown in with_it:
        yield {
            "resourceType": "OrganizationAffiliation",
            "id": f"{network['id']}.{code}",
            "meta": {"versionId": str(network["revision"]), "lastUpdated": network["updated_at"]},
            "active": not network["archived"],
            "organization": _network(network, base),
            "participatingOrganization": _by_code(code),
            "code": [_concept("http://hl7.org/fhir/organization-role", role, shown)],
        }


def practitioner_role(role: Mapping[str, Any], network: Mapping[str, Any], base: str) -> Resource:
    """Somebody's role in a network. The person is named and no more: what else is known of them is not public."""
    return _without_empty({
        "resourceType": "PractitionerRole",
        "id": role["id"],
        "meta": {"versionId": str(role["revision"])},
        "active": role["status"] == "active",
        "period": _without_empty({"start": role["from"], "end": role["to"]}),
        "practitioner": {"display": role["name"]} if role["name"] else None,
        "organization": _network(network, base),
        "code": [_concept(f"{base}/fhir/CodeSystem/network-role", role["role"], words(role["role"]))],
    })  # fmt: skip


def _network(network: Mapping[str, Any], base: str) -> Resource:
    return {
        "reference": f"{base}/fhir/Organization/{network['id']}",
        "type": "Organization",
        "display": network["name"],
    }


def _by_code(code: str) -> Resource:
    """A reference by an organisation's code, which every system of the field knows."""
    return {"type": "Organization", "identifier": {"system": ODS, "value": code}}


def _concept(system: str, code: str, shown: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": shown}]}


def _without_empty(resource: Resource) -> Resource:
    """FHIR knows no empty values: what is not there is left out."""
    return {name: value for name, value in resource.items() if value not in (None, "", [], {})}
