"""Links end with a network that leaves the register, with the reason, and hold again when it comes back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from services.registry.commands import load_reference
from services.registry.tables import Network
from shared.contracts.registry import LINK_ENDED
from tests.registry.conftest import BOTH
from tests.registry.linking import ANN, Linking

pytestmark = BOTH


async def move(linking: Linking, name: str, what: str) -> None:
    answer = await linking.ask("POST", f"/networks/{linking.ids[name]}/{what}", json={"reason": "The board decided"})
    assert answer.status_code == 200, answer.text


async def statuses(linking: Linking, name: str) -> dict[str, str]:
    """Kind → status of a network's links."""
    return {link["kind"]: link["status"] for link in await linking.links(name)}


@pytest.fixture
async def linked(linking: Linking) -> Linking:
    """A works with B, is the parent of C, succeeds D, and has proposed to scrutinise B."""
    await linking.linked("A", "works_with", "B")
    await linking.linked("A", "parent_of", "C")
    await linking.linked("A", "succeeds", "D")
    await linking.linked("A", "scrutinises", "B", by=ANN)
    return linking


async def test_links_end_with_the_network_and_say_why_and_nobody_is_told_twice(linked: Linking) -> None:
    await move(linked, "A", "archive")
    expected = {"works_with": "ended", "parent_of": "ended", "succeeds": "confirmed", "scrutinises": "withdrawn"}
    assert await statuses(linked, "A") == expected
    [link] = [link for link in await linked.links("B") if link["kind"] == "works_with"]
    history = (await linked.ask("GET", f"/links/{link['id']}/history")).json()["items"]
    assert history[0]["reason"] == "Network A was taken off the register. The board decided"
    said = [message for message in await linked.said("registry.links") if message.type.endswith("ended.v1")]
    assert len(said) == 2 and all(message.announcement is None for message in said)


async def test_what_ended_with_it_holds_again_and_what_was_proposed_is_not_asked_again(linked: Linking) -> None:
    before = {link["id"]: link for link in await linked.links("A")}
    await move(linked, "A", "archive")
    await move(linked, "A", "restore")
    assert (await statuses(linked, "A"))["scrutinises"] == "withdrawn"
    held = [link for link in await linked.links("A") if link["kind"] != "scrutinises"]
    assert [(link["status"], link["to"], link["from"]) for link in held] == [
        ("confirmed", None, before[link["id"]]["from"]) for link in held
    ]
    types = [message.type for message in await linked.said("registry.links")]
    assert types.count("networks.registry.link.reopened.v1") == 2


async def test_a_link_between_two_archived_networks_waits_for_the_second(linked: Linking) -> None:
    await move(linked, "A", "archive")
    await move(linked, "B", "archive")
    await move(linked, "A", "restore")
    assert (await statuses(linked, "A"))["works_with"] == "ended"
    await move(linked, "B", "restore")
    assert (await statuses(linked, "A"))["works_with"] == "confirmed"


async def test_what_somebody_ended_before_stays_over(linked: Linking) -> None:
    [link] = [link for link in await linked.links("A") if link["kind"] == "works_with"]
    await linked.ask("PATCH", f"/links/{link['id']}", json={"to": link["from"]})
    await move(linked, "A", "archive")
    await move(linked, "A", "restore")
    assert await statuses(linked, "B") | {"scrutinises": ""} == {"works_with": "ended", "scrutinises": ""}


async def test_a_link_that_would_close_a_circle_now_stays_over(linked: Linking) -> None:
    await move(linked, "A", "archive")
    await linked.linked("C", "parent_of", "B")
    linked_again: dict[str, Any] = await linked.linked("B", "parent_of", "D")
    assert linked_again["status"] == "confirmed"
    await move(linked, "A", "restore")
    assert (await statuses(linked, "A"))["parent_of"] == "confirmed"
    await move(linked, "C", "archive")
    await linked.linked("D", "parent_of", "A")
    await move(linked, "C", "restore")
    kinds = {
        (link["network"]["name"][-1], link["other"]["name"][-1]): link["status"] for link in await linked.links("C")
    }
    assert kinds["A", "C"] == "confirmed" and kinds["C", "B"] == "ended"


async def test_links_of_what_left_before_they_ended_with_it_end_at_the_next_start(linked: Linking) -> None:
    async with linked.register.database.transaction() as session:
        await session.execute(update(Network).where(Network.id == linked.ids["A"]).values(archived=True))
    for _ in range(2):
        async with linked.register.database.transaction() as session:
            await load_reference(session)
    expected = {"works_with": "ended", "parent_of": "ended", "succeeds": "confirmed", "scrutinises": "withdrawn"}
    assert await statuses(linked, "A") == expected
    assert [message.type for message in await linked.said("registry.links")].count(LINK_ENDED.type) == 2
