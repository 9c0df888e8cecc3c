"""What people chose for a network holds for the one that it became part of, and nobody is told twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from services.notifications.tables import subscription_keys
from shared import clock
from tests.notifications.conftest import Town


async def people(town: Town, *names: str) -> None:
    for network in ("old", "new"):
        await town.network(network)
    for name in names:
        await town.person(name)


async def merge(town: Town, moment: datetime | None = None, *, kind: str = "merge") -> str:
    """The register says that `old` became part of `new`, or of another *kind*, and tells it."""
    message = town.news("Old is now part of New", networks=["new", "old"], topic="registry.successions", time=moment)
    message.data["state"] = {"kind": kind, "source": "old", "target": "new"}  # type: ignore[index]
    await town.append(message)
    return message.id


async def moved(town: Town, person: str, moment: datetime) -> None:
    """Membership says that somebody's role went over."""
    state: dict[str, Any] = {"person_id": person, "role": "member"}
    left = {**state, "network_id": "old", "status": "ended", "continued_in": "new"}
    came = {**state, "network_id": "new", "status": "active", "told_since": moment.isoformat()}
    for role, said, network in ((f"{person}-member-old", left, "old"), (f"{person}-member-new", came, "new")):
        await town.append(town._message("membership.memberships", role, said, network, None))


async def test_a_member_reads_what_both_said_and_the_merge_once(town: Town) -> None:
    await people(town, "ann")
    await town.role("ann", "old")
    await town.tell("Of the old one", networks=["old"])
    await town.tell("Not for Ann", networks=["new"])
    moment = clock.now()
    await merge(town, moment)
    await town.tell("While they move", networks=["new"], time=moment + timedelta(milliseconds=1))
    await moved(town, "ann", moment)
    await town.tell("Afterwards", networks=["new"])
    assert await town.inbox("ann") == ["Afterwards", "While they move", "Old is now part of New", "Of the old one"]


async def test_it_is_the_same_when_the_roles_are_heard_of_first(town: Town) -> None:
    await people(town, "ann")
    await town.role("ann", "old")
    await town.tell("Of the old one", networks=["old"])
    moment = clock.now()
    await moved(town, "ann", moment)
    await merge(town, moment)
    assert await town.inbox("ann") == ["Old is now part of New", "Of the old one"]


async def test_a_follower_follows_the_new_network_and_keeps_what_the_old_one_said(town: Town) -> None:
    await people(town, "ann", "ben")
    await town.post("/networks/old/follow", "ann")
    await town.post("/networks/old/follow", "ben")
    await town.post("/networks/new/follow", "ben")
    await town.tell("Of the old one", networks=["old"])
    await merge(town)
    await town.tell("Of the new one", networks=["new"])
    for person in ("ann", "ben"):
        assert await town.inbox(person) == ["Of the new one", "Old is now part of New", "Of the old one"]
        assert (await town.get("/preferences", person))["follows"] == ["new"]


async def test_a_mute_goes_over_unless_the_person_belonged_to_the_other_one_too(town: Town) -> None:
    await people(town, "ann", "ben")
    for person in ("ann", "ben"):
        await town.role(person, "old")
        await town.post("/networks/old/mute", person)
    await town.role("ben", "new")
    moment = clock.now()
    await merge(town, moment)
    await moved(town, "ann", moment)
    await town.tell("Of the new one", networks=["new"])
    assert await town.inbox("ann") == []
    assert await town.inbox("ben") == ["Of the new one", "Old is now part of New"]
    assert set((await town.get("/preferences", "ann"))["muted"]) == {"old", "new"}


async def test_a_split_moves_no_choice(town: Town) -> None:
    await people(town, "ann")
    await town.post("/networks/old/follow", "ann")
    message = town.news("Split", networks=["old", "new"], topic="registry.successions")
    message.data["state"] = {"kind": "split", "source": "old", "target": "new"}  # type: ignore[index]
    await town.append(message)
    assert (await town.get("/preferences", "ann"))["follows"] == ["old"]


async def test_a_program_that_picked_the_old_network_hears_of_the_new_one(town: Town) -> None:
    await people(town, "ann")
    fields = {"name": "Intranet", "url": "https://hooks.example/a", "form": "signal"}
    hook = await town.post("/subscriptions", "ann", networks=["old"], **fields)
    other = await town.post("/subscriptions", "ann", **fields)
    await merge(town)
    picked = [(await town.get(f"/subscriptions/{one['id']}", "ann"))["networks"] for one in (hook, other)]
    assert picked == [["old", "new"], []]
    async with town.parts.database.reading() as session:
        keys = await session.scalars(
            select(subscription_keys.c.key).where(subscription_keys.c.subscription_id == hook["id"])
        )
    assert set(keys) == {"network:old", "network:new"}


async def chosen(town: Town, *names: str) -> list[Any]:
    found = [await town.get("/preferences", name) for name in names]
    return [(sorted(one["follows"]), sorted(one["muted"]), one["networks"]) for one in found]


async def test_a_merge_that_is_undone_leaves_every_choice_as_it_was(town: Town) -> None:
    names = ("ann", "ben", "cat", "dan")
    await people(town, *names)
    for network, what, name in (
        ("old", "follow", "ann"), ("old", "follow", "ben"), ("new", "follow", "ben"), ("old", "mute", "cat"),
        ("old", "mute", "dan"), ("new", "mute", "dan"),
    ):  # fmt: skip
        await town.post(f"/networks/{network}/{what}", name)
    for name, networks in (("ann", ["old"]), ("ben", ["old", "new"])):
        for network in networks:
            await town.post("/preferences", name, "PATCH", networks={network: {"news": "daily"}})
    fields = {"name": "Intranet", "url": "https://hooks.example/a", "form": "signal"}
    hooks = [await town.post("/subscriptions", "ann", networks=each, **fields) for each in (["old"], ["old", "new"])]
    before = await chosen(town, *names)
    await merge(town)
    assert await chosen(town, *names) != before
    await merge(town, kind="parting")
    assert await chosen(town, *names) == before
    assert [(await town.get(f"/subscriptions/{hook['id']}", "ann"))["networks"] for hook in hooks] == [
        ["old"], ["old", "new"]
    ]  # fmt: skip
    await town.tell("Of the old one again", networks=["old"])
    await town.tell("Of the new one", networks=["new"])
    assert (await town.inbox("ann"))[0] == "Of the old one again"
    assert (await town.inbox("ben"))[:2] == ["Of the new one", "Of the old one again"]


async def test_what_was_chosen_since_the_merge_stays_when_it_is_undone(town: Town) -> None:
    await people(town, "ann")
    await town.post("/preferences", "ann", "PATCH", networks={"old": {"news": "daily"}})
    await merge(town)
    await town.post("/preferences", "ann", "PATCH", networks={"new": {"news": "off"}})
    await merge(town, kind="parting")
    listed = (await town.get("/preferences", "ann"))["networks"]
    kept = {choice["network_id"]: choice["kinds"] for choice in listed}
    assert (kept["old"]["news"], kept["new"]["news"]) == ("daily", "off")
