"""Consumer groups in the file: who is a member, who owns which place, and how far each group is.

1. A member holds a lease. Whoever beats next removes the members whose lease ran out and shares their places.
2. A place that moves gets a new epoch. A commit names the epoch it was read under; any other is refused.
3. As little as possible moves: a member keeps what it has, up to its fair share of each topic and of all.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from shared.log import NotOwner, is_published
from shared.log.sqlite.records import SHIFT


@dataclass(frozen=True, slots=True)
class Member:
    """One subscription: a member of a group, and the topics it reads (None: every published one)."""

    group: str
    name: str
    topics: tuple[str, ...] | None

    def wants(self, topic: str) -> bool:
        """Whether the member reads *topic*."""
        return is_published(topic) if self.topics is None else topic in self.topics


def beat(connection: sqlite3.Connection, members: Iterable[Member], now: float, lease: float) -> bool:
    """Renew the leases, (re)join where one is missing, remove the dead; whether anything was shared anew.

    *now* is the machine's monotonic clock, which all its processes share and nobody sets. It begins anew
    with the machine: a lease far in the future is one from before, and as dead as one that ran out.
    """
    changed = _remove_dead(connection, now, lease)
    for member in members:
        renewed = connection.execute(
            "UPDATE members SET expires = ? WHERE grp = ? AND member = ?",
            (now + lease, member.group, member.name),
        )
        if not renewed.rowcount:
            topics = None if member.topics is None else orjson.dumps(member.topics).decode()
            connection.execute(
                "INSERT INTO members VALUES (?, ?, ?, ?)", (member.group, member.name, topics, now + lease)
            )
            changed.add(member.group)
    shared = [share(connection, group) for group in changed]
    return any(shared)


def _remove_dead(connection: sqlite3.Connection, now: float, lease: float) -> set[str]:
    dead = connection.execute(
        "DELETE FROM members WHERE expires < ? OR expires > ? RETURNING grp", (now, now + 20 * lease)
    )
    return {group for (group,) in dead.fetchall()}


def leave(connection: sqlite3.Connection, member: Member) -> None:
    """Give up the membership and hand its places to the others at once."""
    connection.execute("DELETE FROM members WHERE grp = ? AND member = ?", (member.group, member.name))
    share(connection, member.group)


def share_all(connection: sqlite3.Connection) -> None:
    """Share every group's places anew, because there are new topics."""
    for (group,) in connection.execute("SELECT DISTINCT grp FROM members").fetchall():
        share(connection, group)


def share(connection: sqlite3.Connection, group: str) -> bool:
    """Write down who owns which place from now on; whether anything moved."""
    rows = connection.execute("SELECT member, topics FROM members WHERE grp = ? ORDER BY member", (group,))
    members = [Member(group, name, None if topics is None else tuple(orjson.loads(topics))) for name, topics in rows]
    places = connection.execute("SELECT id, topic FROM places ORDER BY topic, partition").fetchall()
    held = dict(connection.execute("SELECT place, member FROM claims WHERE grp = ?", (group,)))
    owners = fair_shares(places, members, held)
    if owners == held:
        return False
    (epoch,) = connection.execute(
        "INSERT INTO groups VALUES (?, 1) ON CONFLICT DO UPDATE SET generation = generation + 1 RETURNING generation",
        (group,),
    ).fetchone()
    gone = [(group, place) for place in held if place not in owners]
    connection.executemany("DELETE FROM claims WHERE grp = ? AND place = ?", gone)
    moved = [(group, place, owner, epoch) for place, owner in owners.items() if held.get(place) != owner]
    connection.executemany("INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)", moved)
    return True


def fair_shares(
    places: Sequence[tuple[int, str]], members: Sequence[Member], held: Mapping[int, str]
) -> dict[int, str]:
    """An owner for each place (number, topic) that somebody wants: even within a topic, then over all topics."""
    shares = _Shares({topic: [m.name for m in members if m.wants(topic)] for _, topic in places})
    wanted = [(place, topic) for place, topic in places if shares.wanted[topic]]
    for place, topic in wanted:
        if held.get(place) in shares.wanted[topic]:
            shares.give(place, topic, held[place])
    for place, topic in wanted:
        if place not in shares.owners:
            shares.give(place, topic, shares.least(topic))
    for place, topic in wanted:
        other = shares.least(topic)
        if shares.is_unfair(topic, shares.owners[place], other):
            shares.give(place, topic, other)
    return shares.owners


class _Shares:
    """Who has what so far, counted by topic and over all."""

    def __init__(self, wanted: dict[str, list[str]]) -> None:
        self.wanted = wanted
        self.owners: dict[int, str] = {}
        self._of_topic: Counter[tuple[str, str]] = Counter()
        self._of_all: Counter[str] = Counter()

    def give(self, place: int, topic: str, owner: str) -> None:
        if place in self.owners:
            self._count(topic, self.owners[place], -1)
        self.owners[place] = owner
        self._count(topic, owner, +1)

    def _count(self, topic: str, owner: str, by: int) -> None:
        self._of_topic[topic, owner] += by
        self._of_all[owner] += by

    def least(self, topic: str) -> str:
        return min(self.wanted[topic], key=lambda name: (self._of_topic[topic, name], self._of_all[name], name))

    def is_unfair(self, topic: str, owner: str, other: str) -> bool:
        more = self._of_topic[topic, owner] - self._of_topic[topic, other]
        return more > 1 or (more == 1 and self._of_all[owner] - self._of_all[other] > 1)


def claims(connection: sqlite3.Connection, member: Member) -> dict[int, tuple[int, int]]:
    """The member's places, each with its epoch and the offset that the group reads next."""
    rows = connection.execute(
        "SELECT place, epoch, coalesce(next, 0) FROM claims LEFT JOIN commits USING (grp, place)"
        " WHERE grp = ? AND member = ?",
        (member.group, member.name),
    )
    return {place: (epoch, start) for place, epoch, start in rows}


def commit(connection: sqlite3.Connection, member: Member, offsets: Mapping[int, tuple[int, int]]) -> None:
    """Note each place's epoch and offset. Raises NotOwner where one has another owner or epoch."""
    for place, (epoch, offset) in offsets.items():
        owned = connection.execute(
            "SELECT 1 FROM claims WHERE grp = ? AND place = ? AND member = ? AND epoch = ?",
            (member.group, place, member.name, epoch),
        )
        if owned.fetchone() is None:
            raise NotOwner
        connection.execute("INSERT OR REPLACE INTO commits VALUES (?, ?, ?)", (member.group, place, offset))


def lag(connection: sqlite3.Connection, member: Member) -> dict[int, int]:
    """For each of the member's places, the records after the committed offset, without holes at its start."""
    behind = {}
    for place, (_, start) in claims(connection, member).items():
        base = place << SHIFT
        (end,) = connection.execute("SELECT next FROM places WHERE id = ?", (place,)).fetchone()
        (first,) = connection.execute(
            "SELECT min(id) FROM records WHERE id >= ? AND id < ?", (base | start, base | end)
        ).fetchone()
        behind[place] = 0 if first is None else (base | end) - first
    return behind
