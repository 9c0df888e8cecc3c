"""What a compacted topic promises: the newest record of each key stays, and what a tombstone erases goes."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path

from shared.log import NewRecord
from shared.log.sqlite import SqliteLog
from tests.log.conftest import Bench, eventually, read, record, texts


async def test_compaction_keeps_the_newest_of_each_key_and_the_offsets(bench: Bench) -> None:
    topic = await bench.topic(partitions=1, compacted=True)
    await bench.log.append([record(topic, f"k{n % 3}", str(n)) for n in range(9)])
    await until_compacted(bench, topic, keys=3)
    found = [r for r in await everything(bench, topic) if r.key.startswith("k")]
    assert [(r.key, r.offset, r.value) for r in found] == [("k0", 6, b"6"), ("k1", 7, b"7"), ("k2", 8, b"8")]


async def test_a_tombstone_takes_the_keys_earlier_records_away(bench: Bench) -> None:
    topic = await bench.topic(partitions=1, compacted=True)
    await bench.log.append([record(topic, "erased", "a name"), record(topic, "stays", "another")])
    await bench.log.append([NewRecord(topic, "erased", (), None)])
    await until_compacted(bench, topic, keys=2)
    found = [r for r in await everything(bench, topic) if r.key in ("erased", "stays")]
    assert [r.value for r in found if r.key == "stays"] == [b"another"]
    assert all(r.value is None for r in found if r.key == "erased")


async def test_a_reader_goes_on_across_the_holes(bench: Bench) -> None:
    topic = await bench.topic(partitions=1, compacted=True)
    await bench.log.append([record(topic, "k", str(n)) for n in range(20)])
    member = await bench.join(topic)
    [first] = await read(member, 1, limit=1)
    await member.commit({(topic, 0): first.offset + 1})
    await member.close()
    await until_compacted(bench, topic, keys=1)
    found = await read(await bench.join(topic), 1)
    assert "19" in texts(found) and "1" not in texts(found)


async def test_a_topic_that_is_not_compacted_keeps_all(bench: Bench) -> None:
    topic = await bench.topic()
    await bench.log.append([record(topic, "k", str(n)) for n in range(5)])
    if isinstance(bench.log, SqliteLog):
        assert await bench.log.compact() == 0
    assert len(await everything(bench, topic)) == 5


async def test_tombstones_go_after_their_time(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite", tombstones_kept=timedelta(seconds=0.2))
    await log.start()
    bench = Bench("sqlite", str(log.path), log)
    topic = await bench.topic(compacted=True)
    await log.append([record(topic, "erased", "a name"), NewRecord(topic, "erased", (), None)])
    assert await log.compact() == 1
    await asyncio.sleep(0.3)
    assert await log.compact() == 1
    assert await everything(bench, topic) == []
    await log.stop()


async def test_what_was_erased_is_nowhere_in_the_files(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite")
    await log.start()
    topic = await Bench("sqlite", str(log.path), log).topic(compacted=True)
    await log.append([record(topic, "erased", "Ottoline Quill"), NewRecord(topic, "erased", (), None)])
    assert any(b"Ottoline Quill" in path.read_bytes() for path in tmp_path.iterdir())
    await log.compact()
    assert not any(b"Ottoline Quill" in path.read_bytes() for path in tmp_path.iterdir())
    await log.stop()


async def test_trimming_forgets_the_old_but_no_compacted_topic_nor_dead_letter(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite")
    await log.start()
    bench = Bench("sqlite", str(log.path), log)
    plain, kept, dead = await bench.topic(), await bench.topic("kept", compacted=True), await bench.topic("a.b.dlt")
    await log.append([record(topic, text="old") for topic in (plain, kept, dead)])
    await asyncio.sleep(0.2)
    await log.append([record(plain, text="new")])
    assert await log.trim(timedelta(seconds=0.1)) == 1
    assert [texts(await everything(bench, topic)) for topic in (plain, kept, dead)] == [["new"], ["old"], ["old"]]
    await log.stop()


async def everything(bench: Bench, topic: str) -> list:
    """All records of the topic, as a group that was never there reads them."""
    member = await bench.join(topic, group=f"all-{time.monotonic_ns()}")
    found = await read(member, 1, seconds=1.5)
    found += await read(member, 10_000, seconds=0.6)
    await member.close()
    return found


async def until_compacted(bench: Bench, topic: str, *, keys: int) -> None:
    """Compact now; for Kafka, write on until its cleaner has been there (it leaves the newest segment alone)."""
    if isinstance(bench.log, SqliteLog):
        await bench.log.compact()
        return

    async def done() -> bool:
        await bench.log.append([record(topic, "end", "end")])
        found = [r for r in await everything(bench, topic) if r.key != "end"]
        return len(found) <= keys

    await eventually(done, seconds=60)
