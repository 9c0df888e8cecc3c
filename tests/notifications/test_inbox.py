"""The inbox is a read over audiences, and equals what the stream brought."""

from __future__ import annotations

from datetime import timedelta

from shared import clock
from tests.notifications.conftest import Town, eventually


async def member(town: Town, person: str = "ann", network: str = "stroke") -> str:
    await town.network(network)
    await town.person(person)
    return await town.role(person, network)


async def test_who_joins_later_is_not_flooded_with_what_was_before(town: Town) -> None:
    await town.network("stroke")
    await town.tell("Before", networks=["stroke"], time=clock.now() - timedelta(hours=1))
    await town.role(await town.person("ann"), "stroke")
    await town.tell("After", networks=["stroke"])

    assert await town.inbox("ann") == ["After"]


async def test_change_after_joining_is_told_also_when_it_is_handled_first(town: Town) -> None:
    await town.network("stroke")
    await town.tell("Changed a minute after she joined", networks=["stroke"], time=clock.now() + timedelta(minutes=1))
    await town.role(await town.person("ann"), "stroke")

    assert await town.inbox("ann") == ["Changed a minute after she joined"]


async def test_who_leaves_is_told_nothing_more_and_who_holds_another_role_still_is(town: Town) -> None:
    await member(town, "ann")
    await member(town, "ben")
    await town.role("ben", "stroke", "chair")
    for person in ("ann", "ben"):
        await town.role(person, "stroke", "member", status="ended")
    await town.tell("After they left", networks=["stroke"])

    assert await town.inbox("ann") == []
    assert await town.inbox("ben") == ["After they left"]


async def test_muted_network_is_silent_until_unmuted(town: Town) -> None:
    await member(town)
    await town.post("/networks/stroke/mute", "ann")
    await town.tell("Not heard", networks=["stroke"], people=["ann"])
    assert await town.inbox("ann") == []
    assert (await town.ask_as_gateway("/internal/reader/ann"))["networks"] == {"stroke": "000000"}

    await town.post("/networks/stroke/unmute", "ann")

    assert await town.inbox("ann") == ["Not heard"]
    assert [said["revision"] for said in town.heard.on("readers") if said["person_id"] == "ann"][-2:] == [3, 4]


async def test_follower_is_told_and_knows_why(town: Town) -> None:
    await town.network("stroke", "Stroke")
    await town.person("ann")
    await town.post("/networks/stroke/follow", "ann")
    await town.tell("News", networks=["stroke"])
    [alert] = (await town.get("/alerts", "ann"))["items"]
    assert alert["why"] == {
        "audience": "network:stroke", "route": "follow", "sentence": "because you follow Stroke",
    }  # fmt: skip

    await town.post("/networks/stroke/unfollow", "ann")
    assert (await town.get("/preferences", "ann"))["follows"] == []


async def test_stream_resumed_after_an_offset_gets_exactly_what_it_missed(town: Town) -> None:
    await member(town)
    for number in range(12):
        await town.tell(f"News {number}", **({"networks": ["stroke"]} if number % 3 else {"networks": ["other"]}))

    async def all_heard() -> bool:
        return len(town.heard.on("alerts")) == 12

    await eventually(all_heard)  # what is said after a commit comes after it
    live = [w for w in town.heard.on("alerts") if "network:stroke" in w["audiences"]]

    missed = await town.ask_as_gateway("/internal/inbox/ann", after=live[2]["offset"])

    assert [item["position"] for item in missed["items"]] == [w["alert"]["position"] for w in live[3:]]
    assert not missed["too_far"] and missed["head"] == 12
    assert list(reversed(await town.inbox("ann"))) == [w["alert"]["headline"] for w in live]


async def test_stream_that_missed_too_much_gets_the_newest_and_is_told_so(town: Town) -> None:
    await member(town)
    for number in range(6):
        await town.tell(f"News {number}", networks=["stroke"])

    missed = await town.ask_as_gateway("/internal/inbox/ann", after=0, limit=3)

    assert missed["too_far"]
    assert [item["headline"] for item in missed["items"]] == ["News 3", "News 4", "News 5"]


async def test_read_marks_are_a_watermark_with_exceptions(town: Town) -> None:
    await member(town)
    ids = [await town.tell(f"News {number}", networks=["stroke"]) for number in range(4)]
    await town.post("/alerts/read", "ann", ids=[ids[3]])
    assert await town.inbox("ann", unread=True) == ["News 2", "News 1", "News 0"]

    position = (await town.get("/alerts", "ann"))["items"][1]["position"]
    await town.post("/alerts/read", "ann", up_to=position)
    await town.post("/alerts/unread", "ann", ids=[ids[0]])

    page = await town.get("/alerts", "ann")
    assert [item["read"] for item in page["items"]] == [True, True, True, False]
    assert page["unread"] == 1


async def test_pages_of_an_inbox_join_without_gap_or_repetition(town: Town) -> None:
    await member(town)
    for number in range(7):
        await town.tell(f"News {number}", networks=["stroke"])
    first = await town.get("/alerts", "ann", limit=3)
    second = await town.get("/alerts", "ann", limit=3, cursor=first["next"])
    third = await town.get("/alerts", "ann", limit=3, cursor=second["next"])

    shown = [item["headline"] for page in (first, second, third) for item in page["items"]]
    assert shown == [f"News {number}" for number in reversed(range(7))]
    assert third["next"] is None and first["total"] == 7


async def test_position_of_another_epoch_is_refused_with_a_sentence(town: Town) -> None:
    answer = await town.client.post("/alerts/read", headers=town.as_("ann"), json={"up_to": "elsewhere-3"})
    assert answer.status_code == 400
    assert "position" in answer.json()["detail"]


async def test_erased_person_is_in_no_table_and_a_former_member_in_headlines(town: Town) -> None:
    await member(town, "ann")
    await member(town, "ben")
    await town.post(
        "/preferences", "ann", "PATCH", newsletter=True, immediate=True, interests=["renal"], muted=["stroke"]
    )
    await town.tell("{person:ann} now leads", networks=["stroke"], people=["ann"])
    await town.post("/alerts/read", "ann", ids=[(await town.get("/alerts", "ben"))["items"][0]["id"]])

    await town.erased("ann")

    assert await town.inbox("ben") == ["A former member now leads"]
    assert await owners(town) == {"ben", "network:stroke"}


async def owners(town: Town) -> set[str]:
    """Every person's id that a table is about."""
    from sqlalchemy import select

    from services.notifications.tables import metadata

    found: set[str] = set()
    async with town.parts.database.reading() as session:
        for table in metadata.sorted_tables:
            for name in {"person_id", "reader_id", "audience"} & set(table.c.keys()):
                found |= set((await session.execute(select(table.c[name]))).scalars())
            if table.name in {"people", "newsletter_readers"}:
                found |= set((await session.execute(select(table.c.id))).scalars())
    return found


async def test_all_read_is_taken_back_with_the_exceptions_that_went_with_it(town: Town) -> None:
    await town.network("stroke")
    await town.role(await town.person("ann"), "stroke")
    first = await town.tell("First", networks=["stroke"])
    await town.tell("Second", networks=["stroke"])
    await town.post("/alerts/read", "ann", ids=[first])
    position = (await town.get("/alerts", "ann"))["position"]
    await town.post("/alerts/read", "ann", up_to=position)
    await town.post("/alerts/read", "ann", up_to=position)  # pressed twice: what can be taken back is the first
    await town.tell("Third", networks=["stroke"])
    assert await town.inbox("ann", unread=True) == ["Third"]

    await town.post("/alerts/read/undo", "ann")
    assert await town.inbox("ann", unread=True) == ["Third", "Second"]
    assert (await town.get("/alerts", "ann"))["unread"] == 2
    again = await town.client.post("/alerts/read/undo", headers=town.as_("ann"), json={})
    assert again.status_code == 409


async def test_what_is_about_a_muted_network_is_silent_too_and_never_public(town: Town) -> None:
    """As an alert of a saved search is: told to a person, about a network that is not told."""
    await town.network("stroke")
    await town.role(await town.person("ann"), "stroke")
    message = town.news("It matches your search", topic="toy.things", people=["ann"], about="stroke")
    await town.append(message)
    assert await town.inbox("ann") == ["It matches your search"]
    assert (await town.client.get("/changes")).json()["items"] == []

    await town.post("/networks/stroke/mute", "ann")
    assert await town.inbox("ann") == []
    await town.post("/networks/stroke/unmute", "ann")
    await town.post("/preferences", "ann", "PATCH", preset="nothing")
    assert await town.inbox("ann") == ["It matches your search"]
