"""Schemathesis over the whole API: whatever is sent, by whomever, the answer is one that the document declares."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.document import document
from tests.flows.system import System

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
WHO = ("staff", "member", "staff", "lead", "staff", "", "staff", "officer", "staff")
EXAMPLES = int(os.environ.get("TIDINGS_API_EXAMPLES", "12"))
"""Of each operation; the suite's own time is what limits it."""
HOME = "greater-manchester-and-cheshire-cardiac-and-stroke-network"
LISTS = {
    "network_id": "networks", "person_id": "people", "organisation_id": "organisations", "event_id": "events",
    "challenge_id": "challenges", "change_id": "service-changes", "standard_id": "standards",
    "issue_id": "newsletter/issues", "subscription_id": "subscriptions?everybody=true", "import_id": "imports",
    "overlap_id": "overlaps", "link_id": f"networks/{HOME}/links", "message_id": "alerts",
    "evidence_id": f"networks/{HOME}/evidence", "role_id": f"networks/{HOME}/roles", "search_id": "searches",
}  # fmt: skip
"""Parameter → a list of what is there."""
STREAMS = r"/stream$"

TOO_LONG = "Invalid HTTP request received."
"""What the server itself says, before we see it, of a request line that is longer than it reads."""


@schemathesis.serializer("message/rfc822", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def as_it_is(_context: Any, value: Any) -> bytes:
    """A file's bytes."""
    return value if isinstance(value, bytes) else str(value).encode()


schema = schemathesis.openapi.from_dict(document(), config=SchemathesisConfig.from_dict({"seed": 20261123}))


@pytest.fixture(scope="module")
def known(system: System) -> dict[str, list[str]]:
    """Ids that are there: parameter → some of them."""
    return known_ids(system)


def known_ids(system: System) -> dict[str, list[str]]:
    """As staff see it; nobody of the demonstration's cast is among the people, whose tokens these tests need."""

    def listed(path: str) -> list[dict[str, Any]]:
        headers = {"authorization": f"Bearer {system.token('staff')}"}
        return list(httpx.get(f"{system.url}/api/{path}", headers=headers, timeout=20).json()["items"])

    found = {name: [each["id"] for each in listed(path)[:10]] for name, path in LISTS.items()}
    cast = [each["id"] for each in listed("people?limit=100") if each["email"].endswith("@tidings.example")]
    found["person_id"] = [each for each in found["person_id"] if each not in cast]
    found["item_id"] = [each["id"] for each in listed(f"newsletter/issues/{found['issue_id'][0]}")[:10]]
    home = httpx.get(f"{system.url}/api/networks/{HOME}", timeout=20).json()["id"]
    return found | {"network_id": [home, *found["network_id"]], "body": ["Q31"], "number": ["1"]}


@pytest.fixture(scope="module")
def turns() -> Iterator[int]:
    return itertools.count()


@schema.exclude(path_regex=STREAMS).parametrize()
@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
def test_every_answer_is_declared(case: Case, system: System, known: dict[str, list[str]], turns: Any) -> None:
    turn = next(turns)
    who = WHO[turn % len(WHO)]
    if turn % 4:
        _made_likely(case, known, turn)
    headers = {"authorization": f"Bearer {system.token(who)}"} if who else {}
    response = case.call(base_url=f"{system.url}/api", headers=headers, timeout=30)
    if response.status_code != 431 and response.text != TOO_LONG:
        case.validate_response(response, checks=CHECKS)


def _made_likely(case: Case, known: dict[str, list[str]], turn: int) -> None:
    """Ask for things that are there, most often for the first of them, and of no revision that was made up."""
    case.headers.pop("If-Match", None)
    for name in case.path_parameters or {}:
        if ids := known.get(name):
            case.path_parameters[name] = ids[turn % len(ids) if turn % 2 else 0]
