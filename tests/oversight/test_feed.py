"""A body's feed: one line for each message that concerns it, in the order of the commits, whatever says it."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select

from services.oversight.consumers import on_message
from services.oversight.tables import FeedItem
from shared.envelope import Envelope, encode
from shared.log import NewRecord
from tests.oversight.conftest import MEMBER, OFFICER, STAFF, Rig, network, person, thing


async def test_a_message_of_an_unknown_type_appears_with_no_code(rig: Rig) -> None:
    await rig.say(network("n-1"))
    (said,) = await rig.say(thing("Something new came to n-1"))
    (item,) = (await rig.get("/oversight/Q31/feed", OFFICER)).json()["items"]
    assert item["headline"] == "Something new came to n-1"
    assert (item["message_id"], item["network_id"], item["network_name"]) == (said, "n-1", "n-1")


async def test_a_line_stands_once_in_the_feed_of_each_body_it_concerns(rig: Rig) -> None:
    await rig.say(thing(bodies=("Q31", "Q32", "Q31")))
    for body, lines in (("Q31", 1), ("Q32", 1), ("Q33", 0), ("national", 1)):
        assert (await rig.get(f"/oversight/{body}/feed")).json()["total"] == lines


async def test_a_message_delivered_again_adds_no_second_line(rig: Rig) -> None:
    said = thing()
    await rig.log.append([NewRecord(said.topic, said.key, *encode(said))])
    await rig.say(said)
    await rig.say(thing("Another"))
    assert (await rig.get("/oversight/Q31/feed")).json()["total"] == 2
    assert await rig.head() == len(rig.heard.wires) == 2


async def test_a_message_with_nothing_to_tell_adds_no_line(rig: Rig) -> None:
    await rig.say(network("n-1"))
    assert await rig.head() == 0


async def test_what_is_told_to_particular_people_alone_is_not_in_any_feed(rig: Rig) -> None:
    await rig.say(thing(bodies=(), networks=(), people=("p-1",)))
    assert await rig.head() == 0


async def test_resuming_after_a_position_gives_exactly_what_was_missed(rig: Rig) -> None:
    await rig.say(*[thing(f"Before {n}") for n in range(3)])
    position = (await rig.get("/oversight/Q31/feed", OFFICER)).json()["position"]
    await rig.say(*[thing(f"After {n}", bodies=("Q31" if n % 2 else "Q32",)) for n in range(6)])
    first = (await rig.get("/oversight/Q31/feed", OFFICER, after=position, limit=2)).json()
    rest = (await rig.get("/oversight/Q31/feed", OFFICER, after=position, limit=2, cursor=first["next"])).json()
    assert sorted(item["headline"] for item in first["items"] + rest["items"]) == ["After 1", "After 3", "After 5"]
    assert rest["next"] is None


async def test_older_pages_follow_by_their_cursor(rig: Rig) -> None:
    await rig.say(*[thing(f"Line {n}") for n in range(5)])
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await rig.get("/oversight/Q31/feed", limit=2, cursor=cursor)).json()
        seen += [item["position"] for item in page["items"]]
        cursor = page["next"]
    assert [int(position.partition("-")[2]) for position in seen] == [5, 4, 3, 2, 1]


async def test_a_position_of_another_epoch_is_refused_with_what_to_do(rig: Rig) -> None:
    answer = await rig.get("/oversight/Q31/feed", after="feedface-7")
    assert answer.status_code == 409 and "without a position" in answer.json()["detail"]
    assert (await rig.get("/oversight/Q31/feed", after="seven")).status_code == 400


async def test_an_officer_of_another_body_is_refused(rig: Rig) -> None:
    for path in ("/oversight/Q32/feed", "/oversight/Q32", "/oversight/national/feed", "/oversight"):
        assert (await rig.get(path, OFFICER)).status_code == 403
        assert (await rig.get(path, STAFF)).status_code == 200
    assert (await rig.get("/oversight/Q31/feed", MEMBER)).status_code == 403
    assert (await rig.client.get("/oversight/Q31/feed")).status_code == 401
    assert (await rig.get("/internal/feed", STAFF)).status_code == 403


async def test_an_unknown_body_is_not_found(rig: Rig) -> None:
    assert (await rig.get("/oversight/Q99/feed")).status_code == 404


async def test_what_was_seen_is_remembered_for_each_officer(rig: Rig) -> None:
    await rig.say(thing("One"), thing("Two"))
    page = (await rig.get("/oversight/Q31/feed", OFFICER)).json()
    assert page["new_since"] == 2
    answer = await rig.post("/oversight/Q31/feed/seen", {"up_to": page["position"]}, OFFICER)
    assert answer.json() == {"seen": page["position"], "new_since": 0}
    await rig.say(thing("Three"))
    await rig.post("/oversight/Q31/feed/seen", {"up_to": page["items"][1]["position"]}, OFFICER)
    assert (await rig.get("/oversight/Q31/feed", OFFICER)).json()["new_since"] == 1
    assert (await rig.get("/oversight/Q31/feed", STAFF)).json()["new_since"] == 3


async def test_the_broadcast_carries_the_line_that_storage_has(rig: Rig) -> None:
    await rig.say(thing("One"))
    await rig.say(thing("Two", bodies=("Q32",)))
    stored = await rig.gateway("/internal/feed", after=0)
    assert rig.heard.wires == stored["items"] and stored["head"] == 2 and not stored["more"]
    assert [wire["bodies"] for wire in stored["items"]] == [["Q31"], ["Q32"]]
    assert len((await rig.gateway("/internal/feed/Q32", after=0))["items"]) == 1


async def test_lines_of_concurrent_transactions_are_numbered_without_a_gap(rig: Rig) -> None:
    committed: list[int] = []

    async def add(batch: list[Envelope], pause: float) -> None:
        async with rig.database.transaction() as session:
            await on_message(session, batch)
            await asyncio.sleep(pause)  # a slow transaction that took its numbers early
        committed.append(await _newest(rig))

    await asyncio.gather(*(add([thing(), thing()], (10 - n) / 200) for n in range(10)))
    async with rig.database.reading() as session:
        offsets = list((await session.execute(select(FeedItem.offset).order_by(FeedItem.offset))).scalars())
    assert offsets == list(range(1, 21)) and committed == sorted(committed)


async def _newest(rig: Rig) -> int:
    """The newest number; fails when a lower one is not there yet."""
    async with rig.database.reading() as session:
        count, newest = (await session.execute(select(func.count(), func.max(FeedItem.offset)))).one()
    assert count == newest
    return int(newest)


async def test_people_are_named_when_read_and_forgotten_when_erased(rig: Rig) -> None:
    await rig.say(person("p-1", "Ann Example"))
    await rig.say(thing("{person:p-1} leads n-1 now"))
    assert (await _headlines(rig)) == ["Ann Example leads n-1 now"]
    assert rig.heard.wires[-1]["item"]["headline"] == "Ann Example leads n-1 now"
    erased = person("p-1", "")
    await rig.say(Envelope(erased.topic, "p-1", erased.type, "/membership", "p-1", None, 2))
    assert (await _headlines(rig)) == ["A former member leads n-1 now"]


async def _headlines(rig: Rig) -> list[str]:
    return [item["headline"] for item in (await rig.get("/oversight/Q31/feed")).json()["items"]]


async def test_following_a_change_names_each_feed_that_got_a_line(rig: Rig) -> None:
    (said,) = await rig.say(thing(bodies=("Q30", "Q31")))
    effects = (await rig.get(f"/trace/{said}")).json()["effects"]
    assert [effect["kind"] for effect in effects] == ["feed"] * 3
    assert "The feed of North West Strategic Health Authority" in {effect["what"] for effect in effects}


async def test_a_feed_shows_one_category_when_asked(rig: Rig) -> None:
    await rig.say(thing())
    assert (await rig.get("/oversight/Q31/feed", category="news")).json()["total"] == 1
    assert (await rig.get("/oversight/Q31/feed", category="events")).json()["total"] == 0
    assert (await rig.get("/oversight/Q31/feed", category="gossip")).status_code == 422
