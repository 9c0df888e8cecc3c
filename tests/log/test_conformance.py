"""What every log promises its readers and writers: order, delivery, size, and clear refusals."""

from __future__ import annotations

import asyncio
import gc

import psutil
import pytest

from shared.log import MAX_RECORD_BYTES, NewRecord, RecordTooLarge, UnknownTopic
from tests.log.conftest import Bench, ends, eventually, read, record, texts


async def test_a_record_comes_back_as_it_was_written(bench: Bench) -> None:
    topic = await bench.topic()
    headers = (("ce_id", b"1"), ("raw", bytes(range(256))), ("raw", b"again"))
    written = NewRecord(topic, "Zoë’s network", headers, "naïve".encode())
    [(place, offset)] = await bench.log.append([written])
    [found] = await read(await bench.join(topic), 1)
    assert (found.key, found.headers, found.value) == (written.key, headers, written.value)
    assert ((found.topic, found.partition), found.offset) == (place, offset)


async def test_records_of_one_key_keep_their_order_whoever_writes_beside(bench: Bench) -> None:
    topic = await bench.topic()
    other = await bench.open()

    async def write(log, key: str) -> None:
        for number in range(0, 60, 3):
            await log.append([record(topic, key, f"{number + more}") for more in range(3)])

    await asyncio.gather(write(bench.log, "a"), write(bench.log, "b"), write(other, "c"))
    found = await read(await bench.join(topic), 180, limit=17)
    for key in "abc":
        mine = [r for r in found if r.key == key]
        assert texts(mine) == [str(number) for number in range(60)]
        assert len({r.partition for r in mine}) == 1


async def test_each_append_in_a_crowd_is_told_its_own_offset(bench: Bench) -> None:
    topic = await bench.topic()
    answers = await asyncio.gather(*(bench.log.append([record(topic, f"k{n}", str(n))]) for n in range(100)))
    told = {str(number): answer[0] for number, answer in enumerate(answers)}
    found = await read(await bench.join(topic), 100)
    assert {(r.value or b"").decode(): ((r.topic, r.partition), r.offset) for r in found} == told


async def test_what_was_not_committed_is_delivered_again(bench: Bench) -> None:
    topic = await bench.topic(partitions=1)
    await bench.log.append([record(topic, text=str(number)) for number in range(10)])
    first = await bench.join(topic)
    done = await read(first, 4, limit=4)
    await first.commit(ends(done))
    await read(first, 6)
    await first.close()
    again = await read(await bench.join(topic), 6)
    assert texts(again) == ["4", "5", "6", "7", "8", "9"]


async def test_lag_counts_what_is_not_committed(bench: Bench) -> None:
    topic = await bench.topic(partitions=1)
    member = await bench.join(topic)
    await bench.log.append([record(topic) for _ in range(5)])
    done = await read(member, 2, limit=2)
    assert await member.lag() == {(topic, 0): 5}
    await member.commit(ends(done))
    assert await member.lag() == {(topic, 0): 3}


async def test_two_groups_each_get_everything(bench: Bench) -> None:
    topic = await bench.topic()
    await bench.log.append([record(topic, f"k{number}", str(number)) for number in range(20)])
    for group in ("alerts", "feed"):
        found = await read(await bench.join(topic, group=group), 20)
        assert sorted(texts(found), key=int) == [str(number) for number in range(20)]


async def test_a_fetch_brings_no_more_than_it_was_asked_for(bench: Bench) -> None:
    topic = await bench.topic()
    await bench.log.append([record(topic, f"k{number}") for number in range(50)])
    member = await bench.join(topic)
    sizes = [len(await member.fetch(limit=7, timeout=2)) for _ in range(6)]
    assert max(sizes) <= 7
    assert sum(sizes) + len(await read(member, 50 - sum(sizes))) == 50


async def test_a_slow_reader_does_not_fill_the_memory(bench: Bench) -> None:
    topic = await bench.topic()
    for number in range(100):
        await bench.log.append([NewRecord(topic, f"k{number}", (), bytes(800_000))])
    member = await bench.join(topic)
    await read(member, 1, limit=1)
    gc.collect()
    before = psutil.Process().memory_info().rss
    for _ in range(15):
        await member.fetch(limit=1, timeout=1)
        await asyncio.sleep(0.1)
    assert psutil.Process().memory_info().rss - before < 30_000_000


async def test_an_empty_fetch_ends_in_time(bench: Bench) -> None:
    member = await bench.join(await bench.topic())
    async with asyncio.timeout(3):
        assert await member.fetch(limit=10, timeout=0.2) == []


async def test_a_waiting_reader_is_woken_by_another_writer(bench: Bench) -> None:
    topic = await bench.topic()
    member, writer = await bench.join(topic), await bench.open()
    waiting = asyncio.create_task(read(member, 1))
    await asyncio.sleep(0.3)
    await writer.append([record(topic, text="wake")])
    assert texts(await waiting) == ["wake"]


async def test_a_message_over_the_limit_is_refused_and_nothing_is_written(bench: Bench) -> None:
    topic = await bench.topic()
    large = NewRecord(topic, "k", (), bytes(MAX_RECORD_BYTES))
    with pytest.raises(RecordTooLarge, match=r"900,001 bytes; the log takes 900,000"):
        await bench.log.append([record(topic, text="small"), large])
    member = await bench.join(topic)
    assert await member.fetch(limit=10, timeout=1) == []


async def test_a_message_at_the_limit_is_taken(bench: Bench) -> None:
    topic = await bench.topic()
    await bench.log.append([NewRecord(topic, "k", (), bytes(MAX_RECORD_BYTES - 1))])
    [found] = await read(await bench.join(topic), 1)
    assert len(found.value or b"") == MAX_RECORD_BYTES - 1


async def test_an_unknown_topic_is_refused(bench: Bench) -> None:
    with pytest.raises(UnknownTopic, match=r"never\.made"):
        await bench.log.append([record("never.made")])
    with pytest.raises(UnknownTopic, match=r"never\.made"):
        await bench.log.subscribe(group=bench.mark, topics=["never.made"])


async def test_making_a_topic_again_leaves_it_alone(bench: Bench) -> None:
    topic = await bench.topic()
    await bench.log.append([record(topic, text="kept")])
    assert await bench.topic(partitions=9) == topic
    assert texts(await read(await bench.join(topic), 1)) == ["kept"]


async def test_a_reader_of_everything_finds_topics_made_later(bench: Bench) -> None:
    member = await bench.join(None)
    await member.fetch(limit=10, timeout=0.5)
    topic = await bench.topic("later")
    dead = await bench.topic("later.readers.dlt")
    await bench.log.append([record(dead, text="dead"), record(topic, text="new")])
    seen: set[str] = set()

    async def found() -> bool:
        seen.update(r.topic for r in await member.fetch(limit=500, timeout=0.2))
        return topic in seen

    await eventually(found)
    assert dead not in seen
