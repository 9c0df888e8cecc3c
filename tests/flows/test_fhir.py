"""The real register, asked by a program that speaks FHIR R4B."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class

from tests.flows.system import System
from tests.flows.test_change import network_of


@pytest.fixture
async def asking(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor."""
    async with httpx.AsyncClient(base_url=f"{system.url}/fhir", timeout=20) as client:
        yield client


async def checked(asking: httpx.AsyncClient, path: str, status: int = 200) -> dict[str, Any]:
    """The answer, after the standard's own model has taken it."""
    answer = await asking.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/fhir+json")
    get_fhir_model_class(answer.json()["resourceType"]).model_validate(answer.json())
    return dict(answer.json())


async def test_every_network_is_reached_page_by_page_and_each_by_its_id(asking: httpx.AsyncClient) -> None:
    path, names = "/Organization?_count=100", []
    while path:
        page = await checked(asking, path)
        names += [entry["resource"]["name"] for entry in page["entry"]]
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        path = following[0].partition("/fhir")[2] if following else ""
    assert len(names) == page["total"] >= 420 and len(set(names)) == len(names)
    first = page["entry"][0]["resource"]
    assert await checked(asking, f"/Organization/{first['id']}") == first


async def test_the_roles_of_a_network_and_the_organisations_behind_it(
    asking: httpx.AsyncClient, system: System
) -> None:
    network = await network_of(system, "member")
    roles = await checked(asking, f"/PractitionerRole?organization=Organization/{network['id']}")
    assert roles["total"] >= 1 and roles["entry"][0]["resource"]["practitioner"]["display"]
    behind = await checked(asking, f"/OrganizationAffiliation?primary-organization={network['slug']}")
    code = behind["entry"][0]["resource"]["participatingOrganization"]["identifier"]["value"]
    found = await checked(asking, f"/Organization?identifier=https://fhir.nhs.uk/Id/ods-organization-code|{code}")
    assert found["total"] == 1
    await checked(asking, "/metadata")


EXAMPLES = {
    "name": "stroke", "identifier": "https://fhir.nhs.uk/Id/ods-organization-code|Q31", "type": "stroke",
    "_id": "3-counties-cancer-network", "primary-organization": "3-counties-cancer-network",
    "participating-organization": "Q31", "organization": "3-counties-cancer-network", "role": "lead_nurse",
}  # fmt: skip


async def test_every_parameter_that_the_statement_names_is_answered(asking: httpx.AsyncClient) -> None:
    statement = await checked(asking, "/metadata")
    assert statement["fhirVersion"] == "4.3.0" and statement["rest"][0]["mode"] == "server"
    for resource in statement["rest"][0]["resource"]:
        for parameter in resource["searchParam"]:
            query = {parameter["name"]: EXAMPLES[parameter["name"]]}
            if resource["type"] == "PractitionerRole":
                query["organization"] = EXAMPLES["organization"]
            address = f"/{resource['type']}?{httpx.QueryParams(query)}"
            found = await checked(asking, address)
            assert found["type"] == "searchset" and found.get("entry") is not None, address


async def test_a_type_chooses_networks_by_its_system(asking: httpx.AsyncClient) -> None:
    every = await checked(asking, "/Organization?_count=1")
    some = await checked(asking, "/Organization?_count=1&type=stroke")
    assert 0 < some["total"] < every["total"]
    system = next(t for t in some["entry"][0]["resource"]["type"] if t["coding"][0]["code"] == "stroke")
    whole = f"{system['coding'][0]['system']}|stroke"
    assert (await checked(asking, f"/Organization?_count=1&type={whole}"))["total"] == some["total"]
    await checked(asking, "/Organization?type=https://elsewhere.example|stroke", 400)


async def test_a_role_is_searched_within_its_network(asking: httpx.AsyncClient) -> None:
    where = "/PractitionerRole?organization=greater-manchester-and-cheshire-cardiac-and-stroke-network"
    every, some = await checked(asking, where), await checked(asking, f"{where}&role=lead_nurse")
    assert some["total"] <= every["total"]
    assert all(entry["resource"]["code"][0]["coding"][0]["code"] == "lead_nurse" for entry in some["entry"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/Patient", 404), ("/Organization/nobody", 404), ("/Organization/..%2Fme", 404), ("/PractitionerRole", 400),
        ("/Organization?address=Leeds", 400), ("/Organization?_count=0", 400), ("/PractitionerRole/x", 404),
        ("/Organization?_format=xml", 400),
    ],
)  # fmt: skip
async def test_what_cannot_be_answered_says_why(asking: httpx.AsyncClient, path: str, status: int) -> None:
    assert (await checked(asking, path, status))["issue"][0]["diagnostics"]
