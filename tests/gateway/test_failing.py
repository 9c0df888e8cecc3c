"""The failure desk over all services: the oldest first, in plain English, also when one of them is away."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.clients import Refused, ServiceAway
from services.gateway.failures import NoSuchService, cause, settle, waiting
from shared.auth import Principal

pytestmark = pytest.mark.fast
STAFF = Principal("bob", is_staff=True)
LETTER = {"number": 1, "message_id": "m", "reason": "ValidationError: level", "headline": "", "behind": 0}


class Services:
    """Two services with a failure each, and one that is away."""

    def __init__(self) -> None:
        self.changed: list[str] = []

    def names(self) -> list[str]:
        return ["registry", "oversight", "events"]

    async def ask(self, service: str, _path: str, *, principal: Principal, **_: Any) -> Any:
        if not principal.is_staff:
            raise Refused(403, {"detail": "Staff only."})
        if service == "events":
            raise ServiceAway
        since = "2026-11-02" if service == "registry" else "2026-11-01"
        type_ = "" if service == "registry" else "networks.registry.network.changed.v1"
        return {"items": [{**LETTER, "since": since, "type": type_}], "total": 1}

    async def change(self, service: str, _method: str, path: str, body: Any, *, principal: Principal) -> None:
        self.changed.append(f"{principal.person_id} {service}{path} {body}")


async def test_failures_of_all_services_stand_in_one_list_the_oldest_first() -> None:
    found = await waiting(Services(), STAFF)  # type: ignore[arg-type]
    assert [(item["service"], item["headline"]) for item in found["items"]] == [
        ("oversight", "Network changed"), ("registry", "A message that cannot be read"),
    ]  # fmt: skip
    assert found["total"] == 2 and found["away"] == ["events"]
    assert found["items"][0]["cause"].startswith("The message lacks something")


async def test_who_may_not_see_failures_is_refused_and_not_shown_an_empty_list() -> None:
    with pytest.raises(Refused):
        await waiting(Services(), Principal("ann"))  # type: ignore[arg-type]


async def test_failure_is_settled_at_its_own_service_in_the_name_of_who_asks() -> None:
    services = Services()
    await settle(services, STAFF, "oversight", 7, "retry", "")  # type: ignore[arg-type]
    await settle(services, STAFF, "oversight", 7, "discard", "Known.")  # type: ignore[arg-type]
    assert services.changed == [
        "bob oversight/internal/failures/7/retry None",
        "bob oversight/internal/failures/7/discard {'reason': 'Known.'}",
    ]  # fmt: skip
    with pytest.raises(NoSuchService):
        await settle(services, STAFF, "elsewhere", 7, "retry", "")  # type: ignore[arg-type]


def test_cause_that_nobody_foresaw_is_said_without_technical_words() -> None:
    assert (
        cause("ZeroDivisionError: division by zero") == "Something went wrong in this part while it took the message."
    )
