"""What the embedded log remembers of its own writing, and when it must not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.log import NewRecord, Place, Topic
from shared.log.sqlite import SqliteLog
from shared.log.sqlite.tail import LARGEST, REMEMBERED, Tail

pytestmark = [pytest.mark.fast, pytest.mark.timeout(30)]
PLACE: Place = ("toy.things", 0)


def written(*offsets: int, value: bytes = b"said") -> list[tuple[int, Place, int, NewRecord]]:
    return [(7, PLACE, offset, NewRecord("toy.things", "key", (), value)) for offset in offsets]


def tail_of(*offsets: int, value: bytes = b"said", ago: float = 0) -> Tail:
    tail = Tail()
    tail.add(written(*offsets, value=value), (datetime.now(UTC) - timedelta(seconds=ago)).timestamp())
    return tail


def test_what_was_just_written_is_remembered_in_order() -> None:
    found = tail_of(3, 4, 5).stretch(7, 4, 6)
    assert found is not None and [record.offset for record in found] == [4, 5]


def test_a_stretch_that_another_process_wrote_a_part_of_is_read_from_the_file() -> None:
    assert tail_of(3, 5).stretch(7, 3, 6) is None
    assert tail_of(3, 5).stretch(8, 3, 4) is None


def test_what_is_large_long_ago_or_more_than_a_little_is_read_from_the_file() -> None:
    assert tail_of(1, value=b"x" * LARGEST).stretch(7, 1, 2) is None
    assert tail_of(1, ago=5).stretch(7, 1, 2) is None
    assert tail_of(*range(REMEMBERED + 1)).stretch(7, 0, REMEMBERED + 1) is None


def test_what_is_forgotten_is_read_from_the_file() -> None:
    tail = tail_of(1)
    tail.forget()
    assert tail.stretch(7, 1, 2) is None


async def test_a_reader_who_is_woken_for_what_it_has_read_waits_for_more(tmp_path: Path) -> None:
    """The poll sees what was committed, and wakes, before the append hears of its own commit and wakes again."""
    log = SqliteLog(tmp_path / "log.sqlite")
    await log.start()
    await log.create_topics([Topic("toy.things", partitions=1)])
    reader = await log.subscribe(group="readers", topics=["toy.things"])
    await log.append([NewRecord("toy.things", "key", (), b"one")])
    assert [record.value for record in await reader.fetch(limit=10, timeout=5)] == [b"one"]
    reader.wake([log.number(PLACE)])
    assert await reader.fetch(limit=10, timeout=0.1) == []
    await log.append([NewRecord("toy.things", "key", (), b"two")])
    assert [record.value for record in await reader.fetch(limit=10, timeout=5)] == [b"two"]
    await log.stop()
