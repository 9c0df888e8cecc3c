"""Who is told in which form: what is suggested, what was chosen in general, what was chosen for one network."""

from __future__ import annotations

from typing import Any

import pytest

from services.notifications.channels import NOTHING_CHOSEN, SUGGESTED, chosen_in, code_of, preset_of
from services.notifications.tables import deliveries, fanouts
from shared.announcement import KINDS
from tests.notifications.conftest import Town, eventually


@pytest.mark.fast
def test_a_choice_is_put_onto_another_and_taken_back() -> None:
    code = code_of({"news": "daily", "workforce": "off"})
    assert code == "..2..0" and chosen_in(code)["news"] == "daily"
    assert code_of({"news": None}, code) == ".....0"
    assert (preset_of(NOTHING_CHOSEN), preset_of("333333"), preset_of(code)) == ("suggested", "everything", "own")


@pytest.mark.fast
def test_something_is_suggested_for_every_route_and_kind_and_nobody_is_mailed_unasked() -> None:
    assert all(len(code) == len(KINDS) and set(code) <= set("0123") for code in SUGGESTED.values())


async def member(town: Town, person: str = "ann", *networks: str) -> str:
    await town.person(person)
    for network in networks or ("stroke",):
        await town.network(network)
        await town.role(person, network)
    return person


async def channels(town: Town, person: str) -> dict[str, str]:
    """Headline → channel."""
    return {item["headline"]: item["channel"] for item in (await town.get("/alerts", person))["items"]}


async def choose(town: Town, person: str, **fields: Any) -> Any:
    return await town.post("/preferences", person, "PATCH", **fields)


async def test_what_is_suggested_differs_by_role(town: Town) -> None:
    await member(town, "ann")
    await town.role(await town.person("lea"), "stroke", "lead_manager")
    await town.tell("A document", networks=["stroke"], category="resources")

    assert (await channels(town, "ann"), await channels(town, "lea")) == (
        {"A document": "weekly"},
        {"A document": "live"},
    )
    assert (await town.get("/alerts", "ann"))["unread"] == 0
    assert (await town.get("/alerts", "lea"))["unread"] == 1


async def test_a_choice_for_a_network_goes_before_the_general_one(town: Town) -> None:
    await member(town, "ann", "stroke", "renal")
    await choose(town, "ann", kinds={"news": "weekly"}, networks={"renal": {"news": "off"}})
    await town.tell("Of stroke", networks=["stroke"])
    await town.tell("Of renal", networks=["renal"])

    assert await channels(town, "ann") == {"Of stroke": "weekly"}


async def test_of_several_networks_the_strongest_choice_decides_and_explains(town: Town) -> None:
    await member(town, "ann", "stroke", "renal")
    await choose(town, "ann", networks={"stroke": {"news": "weekly"}, "renal": {"news": "daily"}})
    await town.tell("Of both", networks=["stroke", "renal"])

    [alert] = (await town.get("/alerts", "ann"))["items"]
    assert (alert["channel"], alert["why"]["audience"]) == ("daily", "network:renal")


async def test_who_wants_nothing_still_hears_what_concerns_them_by_name(town: Town) -> None:
    await member(town, "ann")
    shown = await choose(town, "ann", preset="nothing")
    await town.tell("Of the network", networks=["stroke"])
    await town.tell("Your place is booked", networks=["stroke"], people=["ann"])

    assert shown["preset"] == "nothing"
    assert await channels(town, "ann") == {"Your place is booked": "live"}


async def test_the_centre_shows_what_was_chosen_and_what_it_comes_to(town: Town) -> None:
    await member(town, "ann", "renal", "stroke")
    await choose(town, "ann", networks={"stroke": {"events": "mail"}}, muted=["renal"])
    shown = await town.get("/preferences", "ann")

    renal, stroke = shown["networks"]
    assert (renal["name"], renal["muted"], set(renal["effective"].values())) == ("Renal", True, {"off"})
    assert (stroke["route"], stroke["kinds"]["events"], stroke["kinds"]["news"]) == ("member", "mail", None)
    assert (stroke["effective"]["events"], stroke["effective"]["news"]) == ("mail", "live")
    await choose(town, "ann", networks={"stroke": {"events": None}})
    assert (await town.get("/preferences", "ann"))["networks"][1]["effective"]["events"] == "live"


async def test_a_choice_made_on_an_older_page_is_refused(town: Town) -> None:
    await member(town, "ann")
    answer = await town.client.get("/preferences", headers=town.as_("ann"))
    await choose(town, "ann", preset="important")

    headers = {**town.as_("ann"), "if-match": answer.headers["etag"]}
    late = await town.client.patch("/preferences", headers=headers, json={"preset": "nothing"})
    assert late.status_code == 412
    wrong = await town.client.patch("/preferences", headers=town.as_("ann"), json={"kinds": {"gossip": "live"}})
    assert wrong.status_code == 422


async def test_copies_are_ordered_in_batches_for_those_alone_who_want_them(town: Town) -> None:
    """The town has no mail, so copies stay as they were ordered."""
    from sqlalchemy import select

    from services.notifications.delivery.fanning import order_copies_of_some

    people = [await member(town, f"reader-{n}") for n in range(5)]
    for person in people[:4]:
        await choose(town, person, immediate=True)
    await choose(town, people[0], networks={"stroke": {"news": "daily"}})
    message = await town.tell("Aims changed", networks=["stroke"])

    async def ordered() -> bool:
        async with town.parts.database.reading() as session:
            return not (await session.execute(select(fanouts))).first()

    await eventually(ordered)
    async with town.parts.database.transaction() as session:
        rows = select(deliveries.c.reader_id).where(deliveries.c.thing == message, deliveries.c.kind == "alert")
        assert set((await session.execute(rows)).scalars()) == set(people[1:4])
        await session.execute(deliveries.delete())
        await session.execute(fanouts.insert(), [{"offset": 1, "after": ""}])
        for expected in (1, 3, 3):
            await order_copies_of_some(session, batch=2)
            assert len((await session.execute(rows)).all()) == expected
        assert not (await session.execute(select(fanouts))).first()
        await session.execute(deliveries.delete())


async def test_a_copy_that_waits_is_dropped_when_its_reader_chooses_otherwise(town: Town) -> None:
    from sqlalchemy import select

    await member(town, "ann")
    await member(town, "ben")
    for person in ("ann", "ben"):
        await choose(town, person, immediate=True)
    message = await town.tell("Aims changed", networks=["stroke"])

    async def states() -> dict[str, str]:
        async with town.parts.database.reading() as session:
            query = select(deliveries.c.reader_id, deliveries.c.state).where(deliveries.c.thing == message)
            return dict((await session.execute(query)).all())

    async def ordered() -> bool:
        return len(await states()) == 2

    await eventually(ordered)
    await choose(town, "ann", networks={"stroke": {"news": "daily"}})
    assert (await states())["ann"] == "refused"
    assert (await states())["ben"] != "refused"
