"""The newest records that this process wrote, so that its own readers need not fetch from the file what was just here.

A stretch is given only where every offset of it is remembered: what another process wrote in between is on the file.
Nothing is remembered for longer than a moment, or beyond a compaction: what the file forgets nobody gets from here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from shared.log import NewRecord, Place, Record

REMEMBERED = 32
"""Records of a place."""
LARGEST = 16_000
"""Bytes of a record that is remembered."""
MOMENT = timedelta(seconds=1)
"""For how long."""


class Tail:
    """What is remembered, by the number of the place."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._records: dict[int, deque[Record]] = {}

    def add(self, written: Iterable[tuple[int, Place, int, NewRecord]], time: float) -> None:
        """Remember (number of the place, the place, offset, what was written) of one append, durable by now."""
        taken = datetime.fromtimestamp(time, UTC)
        for number, place, offset, new in written:
            if new.size <= LARGEST:
                record = Record(*place, offset, new.key, new.headers, new.value, taken)
                self._records.setdefault(number, deque(maxlen=REMEMBERED)).append(record)

    def stretch(self, number: int, start: int, end: int) -> list[Record] | None:
        """The records from *start* up to *end*, or None where one of them is not remembered."""
        if end - start > REMEMBERED:
            return None
        since = datetime.now(UTC) - MOMENT
        found = [r for r in self._records.get(number, ()) if start <= r.offset < end and r.time > since]
        return found if len(found) == end - start else None

    def forget(self) -> None:
        """Remember nothing."""
        self._records.clear()
