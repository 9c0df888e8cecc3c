"""A merge that is undone: both networks stand as they stood, and what moved is back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from services.registry.tables import Challenge, Merge, ServiceChange
from shared import clock
from shared.auth import Principal
from shared.contracts.registry import NETWORK_PARTED
from tests.registry.conftest import BOTH
from tests.registry.linking import Linking
from tests.registry.service_changing import IMPACTS

pytestmark = BOTH
MOVING = {"updated_at", "revision", "leads"}


async def changed(linking: Linking, name: str, what: str, **body: Any) -> Any:
    answer = await linking.ask("POST", f"/networks/{linking.ids[name]}/{what}", json={"reason": "Agreed", **body})
    assert answer.is_success, answer.text
    return answer.json()


async def record(linking: Linking, name: str) -> dict[str, Any]:
    found = (await linking.ask("GET", f"/networks/{linking.ids[name]}")).json()
    return {field: value for field, value in found.items() if field not in MOVING}


async def ties(linking: Linking) -> list[tuple[str, ...]]:
    found = [await linking.links(name) for name in "AB"]
    return sorted({
        (link["id"], link["kind"], link["network"]["id"], link["other"]["id"], link["status"], str(link["to"]))
        for links in found for link in links
    })  # fmt: skip


async def challenges(linking: Linking) -> list[tuple[Any, ...]]:
    columns = (Challenge.id, Challenge.challenger, Challenge.provider, Challenge.status, Challenge.next_on)
    async with linking.register.database.reading() as session:
        return [tuple(row) for row in await session.execute(select(*columns).order_by(Challenge.id))]


@pytest.fixture
async def hung(linking: Linking) -> Linking:
    """A and B, alike but for their names and areas, with links, challenges and a service change that hang on A."""
    await linking.ask("PATCH", f"/networks/{linking.ids['A']}", json={"aliases": ["Alpha"], "bodies": ["Q31", "Q32"],
                      "side": "both"})  # fmt: skip
    await linking.ask("PATCH", f"/networks/{linking.ids['B']}", json={"side": "both"})
    for one, kind, other in (("A", "works_with", "B"), ("A", "works_with", "C"), ("B", "works_with", "C"),
                             ("A", "parent_of", "D")):  # fmt: skip
        await linking.linked(one, kind, other)
    day = str(clock.today() + timedelta(days=30))
    for one, other in (("A", "B"), ("A", "C")):
        body = {"provider": linking.ids[other], "subject": "Why?", "text": "Please say why.", "answer_by": day}
        await changed(linking, one, "challenges", **body)
    await changed(linking, "A", "service-changes", title="Closer to home", from_on="2027-04-01", impacts=IMPACTS)
    return linking


async def test_both_networks_are_as_they_were_and_what_moved_is_back(hung: Linking) -> None:
    before = [await record(hung, name) for name in "AB"]
    tied, asked = await ties(hung), await challenges(hung)
    await changed(hung, "A", "merge", into=hung.ids["B"])
    assert await ties(hung) != tied and await challenges(hung) != asked
    back = await changed(hung, "A", "merge/undo")
    assert back["id"] == hung.ids["A"]
    assert [await record(hung, name) for name in "AB"] == before
    assert (await ties(hung), await challenges(hung)) == (tied, asked)
    async with hung.register.database.reading() as session:
        assert list(await session.scalars(select(ServiceChange.network_id))) == [hung.ids["A"]]


async def test_it_is_told_once_and_stands_in_the_histories_of_both(hung: Linking) -> None:
    await changed(hung, "A", "merge", into=hung.ids["B"])
    before = len(await hung.said("registry.networks"))
    await changed(hung, "A", "merge/undo")
    (told,) = [message for message in await hung.said("registry.successions") if message.type == NETWORK_PARTED.type]
    headline = "Network A is a network of its own again, no longer part of Network B"
    assert told.announcement and told.announcement.headline == headline
    assert set(told.announcement.concerns.networks) == {hung.ids["A"], hung.ids["B"]}
    assert not any(message.announcement for message in (await hung.said("registry.networks"))[before:])
    entry = (await hung.ask("GET", f"/networks/{hung.ids['A']}/history")).json()["items"][0]
    assert entry["reason"] == f"{headline}. Agreed"


async def test_what_was_changed_of_the_other_network_since_stays(hung: Linking) -> None:
    await changed(hung, "A", "merge", into=hung.ids["B"])
    there = f"/networks/{hung.ids['B']}"
    more = {"aliases": ["Network A", "Alpha", "Beta"], "bodies": ["Q31", "Q32", "Q33"], "aims": "Both"}
    await hung.ask("PATCH", there, json=more)
    await changed(hung, "A", "merge/undo")
    now = await record(hung, "B")
    assert (now["aliases"], now["bodies"], now["aims"]) == (["Beta"], ["Q31", "Q33"], "Both")


async def test_what_cannot_be_undone_is_refused_with_the_reason(hung: Linking) -> None:
    path = f"/networks/{hung.ids['A']}/merge/undo"
    assert "nothing to undo" in (await hung.ask("POST", path, json={})).json()["detail"]
    await changed(hung, "A", "merge", into=hung.ids["B"])
    assert (await hung.ask("POST", path, Principal("somebody"), {})).status_code == 403
    await changed(hung, "B", "archive")
    assert "put that one back first" in (await hung.ask("POST", path, json={})).json()["detail"]
    await changed(hung, "B", "restore")
    async with hung.register.database.transaction() as session:
        await session.execute(update(Merge).values(merged_at=clock.now() - timedelta(days=31)))
    assert "this one is older" in (await hung.ask("POST", path, json={})).json()["detail"]


async def test_until_when_a_merge_can_be_undone_is_known_beforehand(hung: Linking) -> None:
    path = f"/networks/{hung.ids['A']}/merge"
    assert (await hung.ask("GET", path)).status_code == 409
    await changed(hung, "A", "merge", into=hung.ids["B"])
    found = (await hung.ask("GET", path)).json()
    merged, until = (datetime.fromisoformat(found[name]) for name in ("merged_at", "undo_until"))
    assert found["into"] == hung.ids["B"] and found["can_be_undone"]
    assert until - merged == timedelta(days=30) and clock.now() - merged < timedelta(minutes=5)
    async with hung.register.database.transaction() as session:
        await session.execute(update(Merge).values(merged_at=clock.now() - timedelta(days=30, seconds=1)))
    assert not (await hung.ask("GET", path)).json()["can_be_undone"]
    assert (await hung.ask("POST", f"{path}/undo", json={"reason": "Late"})).status_code == 409
