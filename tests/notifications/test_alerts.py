"""One change becomes one alert, whoever and however many it concerns."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select

from services.notifications.alerts import taken
from services.notifications.tables import alert_audiences, alerts, metadata
from tests.notifications.conftest import Town


async def rows(town: Town) -> dict[str, int]:
    """How many rows each table has."""
    async with town.parts.database.reading() as session:
        counts = {
            table.name: (await session.execute(select(func.count()).select_from(table))).scalar_one()
            for table in metadata.sorted_tables
        }
    return counts


async def test_alert_reaches_members_with_names_and_reason(town: Town) -> None:
    await town.network("stroke", "Yorkshire Stroke Network")
    await town.person("ann", "Ann Ash")
    await town.role("ann", "stroke")
    await town.tell("{person:ann} now leads", networks=["stroke"], category="governance")

    page = await town.get("/alerts", "ann")

    [alert] = page["items"]
    assert alert["headline"] == "Ann Ash now leads"
    assert alert["network_name"] == "Yorkshire Stroke Network"
    assert alert["why"]["sentence"] == "because you are a member of Yorkshire Stroke Network"
    assert (page["unread"], page["total"], alert["position"]) == (1, 1, page["position"])


async def test_alert_stands_once_for_somebody_in_several_of_its_audiences(town: Town) -> None:
    await town.network("stroke")
    await town.person("ann", bodies=["Q31"], interests=["stroke"])
    await town.role("ann", "stroke")
    await town.role("ann", "stroke", "chair")
    await town.tell("Told once", networks=["stroke"], bodies=["Q31"], care_groups=["stroke"], everyone=True)

    page = await town.get("/alerts", "ann")

    assert [item["headline"] for item in page["items"]] == ["Told once"]
    assert page["items"][0]["why"]["sentence"] == "because you hold a role in Stroke"
    assert page["total"] == page["unread"] == 1
    assert len(town.heard.on("alerts")) == 1


async def test_alert_is_hidden_from_those_whom_it_does_not_concern(town: Town) -> None:
    for person in ("ann", "ben"):
        await town.person(person)
    await town.network("stroke")
    await town.role("ann", "stroke")
    await town.tell("For the network", networks=["stroke"])
    await town.tell("For Ben", people=["ben"])

    assert await town.inbox("ann") == ["For the network"]
    assert await town.inbox("ben") == ["For Ben"]


async def test_minor_change_is_not_told(town: Town) -> None:
    await town.person("ann")
    message = town.news("Nobody hears this", topic="toy.things", everyone=True)
    assert message.data is not None
    message.data["announcement"] = None
    await town.append(message)

    assert await town.inbox("ann") == []
    assert town.heard.on("alerts") == []


async def test_rows_written_are_the_same_for_ten_members_and_for_ten_thousand(town: Town) -> None:
    await town.network("small")
    await town.network("large")
    async with town.parts.database.transaction() as session:
        from services.notifications.audience import belonging, put
        from shared.clock import now

        for network, size in (("small", 10), ("large", 10_000)):
            await put(
                session,
                [
                    belonging(f"network:{network}", f"{network}-{n}", source="r", route="member", since=now())
                    for n in range(size)
                ],
            )
    written = []
    for network in ("small", "large"):
        before = await rows(town)
        await town.tell("Something changed", networks=[network], bodies=["Q31"])
        after = await rows(town)
        written.append({name: after[name] - before[name] for name in after if after[name] != before[name]})

    assert written[0].pop("issues", 0) <= 1  # the first change of a week begins the newsletter's draft
    assert written[0] == written[1]
    assert written[1]["alerts"] == 1 and written[1]["alert_audiences"] == 2


async def test_message_delivered_again_makes_no_second_alert(town: Town) -> None:
    await town.person("ann")
    message = town.news("Once", topic="toy.things", everyone=True)
    await town.append(message)
    await town.append(message)
    async with town.parts.database.transaction() as session:  # as when the inbox was emptied for a rebuild
        from shared.inbox import inbox

        await session.execute(inbox.delete())
    await town.append(message)

    assert await town.inbox("ann") == ["Once"]
    assert len(town.heard.on("alerts")) == 1


async def test_offsets_have_no_gaps_and_commit_in_order_when_transactions_overlap(town: Town) -> None:
    """The slow transaction takes its offset first: the quick one must wait for it, not overtake it."""
    database, committed = town.parts.database, list[int]()
    has_taken = asyncio.Event()

    async def slow() -> None:
        async with database.transaction() as session:
            number = (await taken(session, 1)).value
            has_taken.set()
            await asyncio.sleep(0.2)
        committed.append(number)

    async def quick() -> None:
        await has_taken.wait()
        async with database.transaction() as session:
            number = (await taken(session, 1)).value
        committed.append(number)

    async with database.reading() as session:
        before = (await session.execute(select(func.count()).select_from(alerts))).scalar_one()
    await asyncio.gather(slow(), quick())

    assert committed == [before + 1, before + 2]


async def test_offset_of_an_undone_transaction_is_given_again(town: Town) -> None:
    numbers = []
    for fails in (True, False):
        try:
            async with town.parts.database.transaction() as session:
                numbers.append((await taken(session, 1)).value)
                if fails:
                    raise InterruptedError
        except InterruptedError:
            pass

    assert numbers[0] == numbers[1]


async def test_wires_carry_the_alert_to_streams_after_the_commit(town: Town) -> None:
    await town.network("stroke", "Stroke")
    message_id = await town.tell("Aims changed", networks=["stroke"], bodies=["Q31"])

    [wire] = town.heard.on("alerts")
    stored = await town.ask_as_gateway("/internal/alerts", after=wire["offset"] - 1)

    assert wire["audiences"] == ["network:stroke", "body:Q31"]
    assert (wire["alert"]["message_id"], wire["actor"]) == (message_id, "somebody")
    kept = stored["items"][0]
    assert sorted(kept["audiences"]) == sorted(wire["audiences"])
    assert kept["offset"] == wire["offset"]
    assert {**kept["alert"], "time": None} == {**wire["alert"], "time": None}
    assert stored["head"] == wire["offset"] and stored["epoch"] == wire["epoch"]


async def test_trace_tells_what_was_done_because_of_a_message(town: Town) -> None:
    await town.network("stroke")
    for person in ("ann", "ben"):
        await town.role(await town.person(person), "stroke")
    message_id = await town.tell("Aims changed", networks=["stroke"], bodies=["Q31"])

    trace = await town.get(f"/trace/{message_id}")

    told = {effect["what"]: effect["count"] for effect in trace["effects"] if effect["kind"] == "alert"}
    assert told == {"network:stroke": 2, "body:Q31": 0}
    assert trace["taken"]["outcome"] == "handled"


async def test_audiences_of_an_alert_are_stored_once_each(town: Town) -> None:
    await town.tell("Twice the same", networks=["a", "a"], everyone=True)
    async with town.parts.database.reading() as session:
        assert sorted((await session.execute(select(alert_audiences.c.audience))).scalars()) == [
            "everyone",
            "network:a",
        ]
