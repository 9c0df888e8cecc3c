"""What the embedded log remembers of its own writing, and when it must not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.log import NewRecord, Place
from shared.log.sqlite.tail import LARGEST, REMEMBERED, Tail

pytestmark = pytest.mark.fast
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
