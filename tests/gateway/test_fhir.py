"""Networks and roles as FHIR R4B: every resource is what the standard's own models take."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.organization import Organization
from fhir.resources.R4B.organizationaffiliation import OrganizationAffiliation
from fhir.resources.R4B.practitionerrole import PractitionerRole

from services.gateway.fhir import Asking
from services.gateway.fhir.documents import capability_statement, outcome
from services.gateway.fhir.resources import affiliations, network_organization, organization, practitioner_role
from shared.auth import ANYBODY
from shared.config import Settings
from shared.errors import NotFound

BASE = "https://tidings.example"
ID = "01890000-0000-7000-8000-000000000001"
NETWORK: dict[str, Any] = {
    "id": ID, "revision": 7, "slug": "north-west-cancer", "name": "North West Cancer Network", "aliases": ["NWCN"],
    "type": "disease", "care_group": "cancer", "stage": "managed", "bodies": ["Q31", "Q32"], "host": "RBS",
    "web": "https://www.nwcn.example", "email": "office@nwcn.example", "archived": False,
    "updated_at": "2026-03-01T09:30:00Z",
}  # fmt: skip
BARE = {**NETWORK, "aliases": [], "host": "", "web": "", "email": "", "bodies": []}
ROLE = {
    "id": ID, "revision": 1, "network_id": ID, "person_id": ID, "name": "Ada Example", "role": "lead_nurse",
    "from": "2026-01-01", "to": None, "status": "active",
}  # fmt: skip
TRUST = {
    "id": ID, "revision": 1, "code": "RBS", "kind": "trust", "name": "Example Trust", "body": "Q31", "town": "Leeds",
    "postcode": "LS1 1AA",
}  # fmt: skip


@pytest.mark.parametrize("network", [NETWORK, BARE, {**NETWORK, "archived": True}])
def test_a_network_is_an_organization(network: dict[str, Any]) -> None:
    made = network_organization(network, BASE)
    read = Organization.model_validate(made)
    assert read.name == network["name"] and read.active is not network["archived"]
    assert made["identifier"][0]["value"] == "north-west-cancer"


def test_what_is_not_known_of_a_network_is_left_out_and_not_empty() -> None:
    assert not {"alias", "telecom", "partOf"} & set(network_organization(BARE, BASE))


@pytest.mark.parametrize("found", [TRUST, {**TRUST, "code": None, "town": "", "postcode": "", "body": ""}])
def test_an_organisation_is_an_organization(found: dict[str, Any]) -> None:
    assert Organization.model_validate(organization(found)).name == "Example Trust"


def test_a_network_is_affiliated_to_its_host_and_its_bodies() -> None:
    made = list(affiliations(NETWORK, BASE))
    assert all(OrganizationAffiliation.model_validate(one).active for one in made)
    assert [one["participatingOrganization"]["identifier"]["value"] for one in made] == ["RBS", "Q31", "Q32"]
    assert {one["organization"]["reference"] for one in made} == {f"{BASE}/fhir/Organization/{ID}"}
    assert list(affiliations(BARE, BASE)) == []


@pytest.mark.parametrize("role", [ROLE, {**ROLE, "to": "2026-02-01", "status": "ended", "name": ""}])
def test_a_role_is_a_practitioner_role_that_names_the_person_and_no_more(role: dict[str, Any]) -> None:
    made = practitioner_role(role, NETWORK, BASE)
    read = PractitionerRole.model_validate(made)
    assert read.active is (role["status"] == "active")
    assert role["person_id"] not in str(made.get("practitioner"))


def test_the_statement_and_the_outcome_are_what_the_standard_says() -> None:
    assert (
        CapabilityStatement.model_validate(capability_statement("Tidings", BASE, "2026-03-01")).fhirVersion == "4.3.0"
    )
    assert OperationOutcome.model_validate(outcome(NotFound())).issue[0].code == "not-found"


def test_addresses_are_whole_also_where_the_public_one_is_not_set() -> None:
    edge: Any = SimpleNamespace(settings=Settings(base_url="", host="127.0.0.1", port=8080))
    assert Asking(edge, ANYBODY, "Organization", {}).base == "http://127.0.0.1:8080"
