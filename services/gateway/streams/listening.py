"""Who listens to what: streams by audience, and among those by what their readers are told of it.

Ten thousand members who have chosen nothing are one group, so how they are told of a change is judged once.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.streams.wires import Stream, Telling, Ways, Wire, told_by

Key = tuple[bool, tuple[tuple[str, ...], ...]]
"""Whether a reader is plain, and what each of their ways from one audience gives, for each kind."""


class _Group:
    """Streams whose readers are told alike of what happened at or after `since`, when the last of them came."""

    __slots__ = ("is_plain", "since", "streams", "ways")

    def __init__(self, ways: Ways, *, is_plain: bool) -> None:
        self.ways = ways
        self.is_plain = is_plain
        self.since = float("-inf")
        self.streams: dict[Stream, None] = {}

    def add(self, stream: Stream, ways: Ways) -> None:
        self.streams[stream] = None
        self.since = max([self.since, *(since for since, _ in ways)])

    def told(self, wire: Wire) -> Telling | None:
        return told_by(self.ways, wire) if self.is_plain and wire.moment >= self.since else None


class Listening:
    """The open streams."""

    def __init__(self) -> None:
        """None yet."""
        self._groups: dict[str, dict[Key, _Group]] = {}

    def add(self, stream: Stream) -> None:
        """Let *stream* hear what its reader's rules lead to."""
        for audience, ways in stream.reader.rules.items():
            groups, key = self._groups.setdefault(audience, {}), _key(stream, ways)
            if key not in groups:
                groups[key] = _Group(ways, is_plain=stream.reader.is_plain)
            groups[key].add(stream, ways)

    def remove(self, stream: Stream) -> None:
        """Forget *stream*, whose reader's rules are still those of `add`."""
        for audience, ways in stream.reader.rules.items():
            groups, key = self._groups.get(audience, {}), _key(stream, ways)
            if group := groups.get(key):
                group.streams.pop(stream, None)
                if not group.streams:
                    del groups[key]
            if not groups:
                self._groups.pop(audience, None)

    def concerned(self, wire: Wire) -> list[tuple[Sequence[Stream], Telling | None]]:
        """Streams that *wire* may concern, each once, and how all their readers are told but whoever did it.

        None: each has to be asked, because several audiences may lead to them, they chose, or it is off or old.
        """
        matching = [groups for audience in wire.audiences if (groups := self._groups.get(audience))]
        if len(matching) == 1:
            return [(tuple(group.streams), group.told(wire)) for group in matching[0].values()]
        everybody = {stream: None for groups in matching for group in groups.values() for stream in group.streams}
        return [(tuple(everybody), None)]


def _key(stream: Stream, ways: Ways) -> Key:
    return stream.reader.is_plain, tuple([given for _, given in ways])
