"""Webhooks as the API has them: whose they are, what is refused, and what is recorded."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from shared.auth import Principal
from shared.history import history
from tests.notifications.conftest import STAFF, Town

URL = "https://hooks.example/a?token=secret"


async def add(town: Town, by: Principal | str = "ann", **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = await town.post("/subscriptions", by, **{"name": "Intranet", "url": URL, **fields})
    return found


async def asked(
    town: Town, method: str, path: str, by: Principal | str, headers: dict[str, str] | None = None, **body: Any
) -> httpx.Response:
    return await town.client.request(method, path, headers={**town.as_(by), **(headers or {})}, json=body)


async def test_webhook_is_its_owner_s_and_the_staff_s(town: Town) -> None:
    hook = await add(town)
    there = f"/subscriptions/{hook['id']}"
    calls = [
        ("GET", there), ("PATCH", there), ("DELETE", there), ("POST", f"{there}/secret"), ("POST", f"{there}/test"),
        ("POST", f"{there}/disable"), ("POST", f"{there}/enable"), ("GET", f"{there}/deliveries"),
        ("POST", f"{there}/redeliver"), ("GET", f"{there}/deliveries/1"), ("POST", f"{there}/deliveries/1/redeliver"),
    ]  # fmt: skip
    for method, path in calls:
        assert (await asked(town, method, path, "ben")).status_code == 403, path
        assert (await town.client.request(method, path)).status_code == 401, path
    assert (await town.get("/subscriptions", "ben"))["items"] == []
    assert [h["id"] for h in (await town.get("/subscriptions", "ann"))["items"]] == [hook["id"]]
    assert (await town.get("/subscriptions", STAFF))["total"] == 0
    assert (await town.get("/subscriptions", STAFF, everybody=True))["total"] == 1
    assert (await town.get(there, STAFF))["owner_id"] == "ann"


async def test_who_may_only_write_reads_nothing_by_way_of_a_webhook_or_a_feed(town: Town) -> None:
    there = f"/subscriptions/{(await add(town))['id']}"
    narrow = Principal("ann", scopes=frozenset({"alerts:write"}))
    calls = [
        ("POST", "/subscriptions", {"name": "Mine", "url": URL}), ("PATCH", there, {"url": "https://eve.example/"}),
        ("POST", f"{there}/secret", {}), ("POST", "/feed-key", {}),
    ]  # fmt: skip
    for method, path, body in calls:
        answer = await asked(town, method, path, narrow, **body)
        assert answer.status_code == 403 and "alerts:read" in answer.json()["detail"], path
    assert (await asked(town, "POST", f"{there}/disable", narrow)).status_code == 200


async def test_what_is_not_there_is_not_found(town: Town) -> None:
    assert (await asked(town, "GET", "/subscriptions/nothing", "ann")).status_code == 404
    hook = await add(town)
    assert (await asked(town, "GET", f"/subscriptions/{hook['id']}/deliveries/77", "ann")).status_code == 404


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": "ftp://hooks.example/"}, "url"), ({"url": "https://me:pw@hooks.example/"}, "url"),
        ({"url": "http://hooks.example/", "form": "full"}, "url"), ({"networks": ["nowhere"]}, "networks"),
        ({"types": ["*"]}, "types"), ({"categories": ["gossip"]}, "categories"), ({"bodies": ["q31"]}, "bodies"),
        ({"name": ""}, "name"), ({"form": "half"}, "form"),
    ],
)  # fmt: skip
async def test_wrong_field_is_named_with_what_to_enter(town: Town, fields: dict[str, Any], field: str) -> None:
    answer = await asked(town, "POST", "/subscriptions", "ann", **{"name": "A", "url": URL, **fields})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"].startswith(field) and error["message"]


async def test_change_keeps_what_was_not_sent_and_refuses_an_old_reading(town: Town) -> None:
    await town.network("stroke")
    hook = await add(town, networks=["stroke"], categories=["news"])
    there = f"/subscriptions/{hook['id']}"
    changed = await asked(town, "PATCH", there, "ann", {"if-match": '"1"'}, categories=[], reason="All of it")
    assert changed.status_code == 200 and changed.headers["etag"] == '"2"'
    assert (changed.json()["networks"], changed.json()["categories"], changed.json()["url"]) == (["stroke"], [], URL)
    assert (await asked(town, "PATCH", there, "ann", {"if-match": '"1"'}, name="Old")).status_code == 412
    same = await asked(town, "PATCH", there, "ann", categories=[])
    assert same.json()["revision"] == 2


async def test_history_tells_who_and_why_and_never_the_address(town: Town) -> None:
    hook = await add(town, reason="For the intranet")
    await town.post(f"/subscriptions/{hook['id']}/disable", "ann")
    await town.post(f"/subscriptions/{hook['id']}/secret", "ann")
    answer = await asked(town, "DELETE", f"/subscriptions/{hook['id']}", "ann")
    assert answer.status_code == 204
    async with town.parts.database.reading() as session:
        query = select(history).where(history.c.subject == hook["id"]).order_by(history.c.id)
        entries = (await session.execute(query)).mappings().all()
    assert [entry["type"].split(".")[3] for entry in entries] == ["added", "changed", "changed", "removed"]
    assert (entries[0]["actor"], entries[0]["reason"]) == ("ann", "For the intranet")
    assert "token=secret" not in str([dict(entry) for entry in entries]) and hook["secret"] not in str(entries)


async def test_number_of_webhooks_and_of_secrets_is_bounded(town: Town) -> None:
    for number in range(25):
        hook = await add(town, name=f"Hook {number}")
    answer = await asked(town, "POST", "/subscriptions", "ann", name="One more", url=URL)
    assert answer.status_code == 409 and "25" in answer.json()["detail"]
    there = f"/subscriptions/{hook['id']}/secret"
    for _ in range(2):
        assert (await asked(town, "POST", there, "ann")).status_code == 200
    full = await asked(town, "POST", there, "ann")
    assert full.status_code == 409 and "overlap of 0" in full.json()["detail"]
    assert len((await town.post(there, "ann", overlap_hours=0))["secrets"]) == 1


async def test_only_staff_adds_one_of_the_team(town: Town) -> None:
    assert (await asked(town, "POST", "/subscriptions", "ann", name="A", url=URL, owner="staff")).status_code == 403
    hook = await add(town, STAFF, owner="staff")
    assert (hook["owner_id"], hook["owner_name"]) == ("staff", "the staff")
    assert (await town.get("/subscriptions", Principal("other", is_staff=True)))["total"] == 1


async def test_list_goes_on_where_it_ended(town: Town) -> None:
    names = [(await add(town, name=f"Hook {number}"))["name"] for number in range(5)]
    first = await town.get("/subscriptions", "ann", limit=3)
    rest = await town.get("/subscriptions", "ann", limit=3, cursor=first["next"])
    assert [hook["name"] for hook in first["items"] + rest["items"]] == names
    assert (first["total"], rest["next"]) == (5, None)
