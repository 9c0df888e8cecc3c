"""Who listens to what: streams by audience, and among those by their format and what their readers are told of it.

Ten thousand members who have chosen nothing are one group: how they are told of a change is judged once, and then
only their connections are touched, for what costs time is memory that was not used since the last change.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any, NamedTuple

from services.gateway.streams.wires import Format, Stream, Telling, Ways, Wire, told_by

Key = tuple[Format, bool, tuple[tuple[str, ...], ...]]
"""A stream's format, whether it may be told with others, what each way from one audience gives, for each kind."""


class Group:
    """Streams that are told alike of what happened at or after `since`, when the last of them came."""

    __slots__ = ("_all", "format", "is_plain", "since", "streams", "ways")

    def __init__(self, key: Key, ways: Ways) -> None:
        """None yet, of this *key*; *ways* are what leads to the first."""
        self.format, self.is_plain, _ = key
        self.ways = ways
        self.since = float("-inf")
        self.streams: dict[Stream, Any] = {}
        """Each with the connection that it writes to."""
        self._all: tuple[Any, ...] | None = None
        """Their connections, kept from one wire to the next: to gather ten thousand takes a millisecond."""

    def add(self, stream: Stream, ways: Ways) -> None:
        """Take *stream* in."""
        self.streams[stream], self._all = stream.out, None
        self.since = max([self.since, *(since for since, _ in ways)])

    def remove(self, stream: Stream) -> None:
        """Forget *stream*, if it is one of them."""
        self.streams.pop(stream, None)
        self._all = None

    def told(self, wire: Wire) -> Telling | None:
        """How all of them are told; None where each has to be asked."""
        return told_by(self.ways, wire) if self.is_plain and wire.moment >= self.since else None

    def without(self, apart: Set[Stream]) -> tuple[Any, ...]:
        """The connections of all but those who are *apart*."""
        if self._all is None:
            self._all = tuple(self.streams.values())
        gone = {self.streams[stream] for stream in apart if stream in self.streams}
        return tuple([out for out in self._all if out not in gone]) if gone else self._all


class Alike(NamedTuple):
    """Connections to which one thing is written in one way."""

    group: Group
    told: Telling
    connections: tuple[Any, ...]


class Listening:
    """The open streams."""

    def __init__(self) -> None:
        """None yet."""
        self._groups: dict[str, dict[Key, Group]] = {}

    def add(self, stream: Stream) -> None:
        """Let *stream* hear what its reader's rules lead to."""
        for audience, ways in stream.reader.rules.items():
            groups, key = self._groups.setdefault(audience, {}), _key(stream, ways)
            if key not in groups:
                groups[key] = Group(key, ways)
            groups[key].add(stream, ways)

    def remove(self, stream: Stream) -> None:
        """Forget *stream*, whose reader's rules are still those of `add`."""
        for audience, ways in stream.reader.rules.items():
            groups, key = self._groups.get(audience, {}), _key(stream, ways)
            if group := groups.get(key):
                group.remove(stream)
                if not group.streams:
                    del groups[key]
            if not groups:
                self._groups.pop(audience, None)

    def concerned(self, wire: Wire, apart: Set[Stream]) -> tuple[list[Alike], tuple[Stream, ...]]:
        """What *wire* may concern, each once: those who are told alike, and streams of which each has to be asked.

        Asked are who is *apart*, and where several audiences may lead to one, they chose, or it is off or old.
        """
        matching = [groups for audience in wire.audiences if (groups := self._groups.get(audience))]
        alike, each = list[Alike](), dict[Stream, Any]()
        for group in [group for groups in matching for group in groups.values()]:
            told = group.told(wire) if len(matching) == 1 else None
            if told is None:
                each.update(group.streams)
            else:
                alike.append(Alike(group, told, group.without(apart)))
                each.update((stream, None) for stream in apart if stream in group.streams)
        return alike, tuple(each)


def _key(stream: Stream, ways: Ways) -> Key:
    is_plain = stream.reader.is_plain and stream.out is not None
    return stream.format, is_plain, tuple([given for _, given in ways])
