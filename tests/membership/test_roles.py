"""Who is what in a network."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from shared import clock
from shared.auth import ANYBODY
from tests.service_rig import STAFF


async def test_join_and_leave(membership: Any) -> None:
    ann = await membership.person()
    joined = await membership.ask("POST", "/networks/stroke/join", {}, by=ann)
    assert (joined.status_code, joined.json()["role"], joined.json()["name"]) == (201, "member", "Ann Example")
    assert (await membership.ask("POST", "/networks/stroke/join", {}, by=ann)).status_code == 409
    members = (await membership.ask("GET", "/networks/stroke-network/members", by=ann)).json()
    assert [member["person_id"] for member in members["items"]] == [ann.person_id]
    left = await membership.ask("POST", "/networks/stroke/leave", {}, by=ann)
    assert [role["status"] for role in left.json()["items"]] == ["ended"]
    assert (await membership.ask("GET", "/networks/stroke/members", by=ann)).json()["total"] == 0
    assert (await membership.ask("POST", "/networks/stroke/leave", {}, by=ann)).status_code == 409
