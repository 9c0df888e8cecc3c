"""Whoever is judged with a group is told exactly what they would be told alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.streams.formats import alert_json
from services.gateway.streams.listening import Listening
from services.gateway.streams.wires import Reader, Stream, Telling, Wire
from shared.announcement import KINDS

AUDIENCES = ("network:n1", "body:Q1", "everyone")
bests = st.sampled_from(["09|member|network:n1", "37|member|network:n1", "36|role|network:n1", "15|follow|network:n1"])
one_for_all = bests.map(lambda best: (best,) * len(KINDS))
"""So few that several people often have the same, and are a group."""
one_for_each = st.lists(bests, min_size=len(KINDS), max_size=len(KINDS)).map(tuple)
rule = st.tuples(st.sampled_from([0.0, 100.0, 200.0]), one_for_all | one_for_each)
rules = st.dictionaries(st.sampled_from(AUDIENCES), st.lists(rule, min_size=1, max_size=2).map(tuple), min_size=1)
chosen = st.sampled_from([{}, {"n1": "0" * len(KINDS)}, {"n1": "3" * len(KINDS)}])
people = st.lists(st.tuples(rules, chosen), min_size=1, max_size=6)
wires = st.builds(
    lambda audiences, category, second, actor: Wire(
        "e", 1, tuple(audiences),
        {"category": category, "network_id": "n1", "time": f"1970-01-01T00:0{second}:00Z"}, actor,
    ),
    st.lists(st.sampled_from(AUDIENCES), min_size=1, unique=True), st.sampled_from(KINDS), st.integers(0, 4),
    st.sampled_from(["", "p0", "p1"]),
)  # fmt: skip


class Connection:
    """What a stream of *reader* is written to, which this test only tells apart."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader


def told(listening: Listening, streams: list[Stream], wire: Wire) -> dict[str, Telling]:
    """Reader → how they are told, as the hub goes about it."""
    alike, each = listening.concerned(wire, {stream for stream in streams if stream.reader.key == wire.actor})
    found = [(connection.reader.key, how) for _, how, connections in alike for connection in connections]
    found += [(stream.reader.key, how) for stream in each if (how := stream.reader.hears(wire))]
    assert len(dict(found)) == len(found), "told twice"
    return dict(found)


@given(people, wires)
def test_a_group_is_told_what_each_of_it_is_told_alone(people: list, wire: Wire) -> None:  # type: ignore[type-arg]
    listening = Listening()
    readers = [Reader(f"p{number}", ways, networks) for number, (ways, networks) in enumerate(people)]
    streams = [Stream(reader, alert_json, print, 0) for reader in readers]
    for come, stream in enumerate(streams, start=1):
        stream.out = Connection(stream.reader)
        listening.add(stream)
        assert told(listening, streams[:come], wire) == told_alone(readers[:come], wire)
    for gone, stream in enumerate(streams, start=1):
        listening.remove(stream)
        assert told(listening, streams[gone:], wire) == told_alone(readers[gone:], wire)


def told_alone(readers: list[Reader], wire: Wire) -> dict[str, Telling]:
    """Reader → how they are told, each asked."""
    return {reader.key: how for reader in readers if (how := reader.hears(wire))}
