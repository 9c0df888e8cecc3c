"""Who listens to what: readers by audience, and among those by what they are told of it.

Ten thousand members who have chosen nothing are one group, so how they are told of a change is judged once.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.wires import Reader, Telling, Ways, Wire, told_by

Key = tuple[tuple[str, ...], ...]
"""What each of a reader's ways from one audience gives, for each kind."""


class _Group:
    """Readers who are told alike of what happened at or after `since`, when the last of them came."""

    __slots__ = ("readers", "since", "ways")

    def __init__(self) -> None:
        self.readers: dict[Reader, None] = {}
        self.since = float("-inf")
        self.ways: Ways = ()

    def add(self, reader: Reader, ways: Ways) -> None:
        self.readers[reader] = None
        self.since = max([self.since, *(since for since, _ in ways)])
        self.ways = ways

    def told(self, wire: Wire) -> Telling | None:
        return told_by(self.ways, wire) if wire.moment >= self.since else None


class Listening:
    """The readers who have streams open."""

    def __init__(self) -> None:
        """Nobody yet."""
        self._groups: dict[str, dict[Key, _Group]] = {}

    def add(self, reader: Reader) -> None:
        """Let *reader* hear what their rules lead to."""
        for audience, ways in reader.rules.items():
            group = self._groups.setdefault(audience, {}).setdefault(_key(ways), _Group())
            group.add(reader, ways)

    def remove(self, reader: Reader) -> None:
        """Forget *reader*, whose rules are still those of `add`."""
        for audience, ways in reader.rules.items():
            groups = self._groups.get(audience, {})
            if group := groups.get(_key(ways)):
                group.readers.pop(reader, None)
                if not group.readers:
                    del groups[_key(ways)]
            if not groups:
                self._groups.pop(audience, None)

    def concerned(self, wire: Wire) -> list[tuple[Sequence[Reader], Telling | None]]:
        """Readers whom *wire* may concern, each once, and how those of them are told who have no wishes of their own.

        None: each has to be asked, because several audiences may lead to them, or because it is off or old.
        """
        matching = [groups for audience in wire.audiences if (groups := self._groups.get(audience))]
        if len(matching) == 1:
            return [(tuple(group.readers), group.told(wire)) for group in matching[0].values()]
        everybody = {reader: None for groups in matching for group in groups.values() for reader in group.readers}
        return [(tuple(everybody), None)]


def _key(ways: Ways) -> Key:
    return tuple([given for _, given in ways])
