"""How the embedded log shares places among members: fairly, and with as little moving as possible."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.log.sqlite.groups import Member, fair_shares

PLACES = [(10 * t + p, f"service.t{t}") for t in range(3) for p in range(6)]


def members(count: int) -> list[Member]:
    """So many members, each reading everything."""
    return [Member("g", f"m{number}", None) for number in range(count)]


@pytest.mark.fast
@given(count=st.integers(1, 8), held=st.dictionaries(st.sampled_from([p for p, _ in PLACES]), st.sampled_from("0123x")))
def test_shares_are_even_whatever_was_held_before(count: int, held: dict[int, str]) -> None:
    owners = fair_shares(PLACES, members(count), {place: f"m{who}" for place, who in held.items()})
    assert owners.keys() == {place for place, _ in PLACES}
    for topic in range(3):
        counts = Counter(owners[place] for place, name in PLACES if name == f"service.t{topic}")
        assert max(counts.values()) - min(counts[m.name] for m in members(count)) <= 1


@pytest.mark.fast
def test_a_second_member_takes_half_and_no_more() -> None:
    alone = fair_shares(PLACES, members(1), {})
    both = fair_shares(PLACES, members(2), alone)
    assert Counter(both.values()) == {"m0": 9, "m1": 9}
    assert fair_shares(PLACES, members(2), both) == both


@pytest.mark.fast
def test_topics_of_one_partition_are_shared_too() -> None:
    places = [(number, f"service.t{number}") for number in range(6)]
    owners = fair_shares(places, members(2), fair_shares(places, members(1), {}))
    assert Counter(owners.values()) == {"m0": 3, "m1": 3}


@pytest.mark.fast
def test_nobody_gets_what_nobody_wants() -> None:
    one = Member("g", "m", ("service.t0",))
    assert set(fair_shares(PLACES, [one], {}).values()) == {"m"}
    assert set(fair_shares(PLACES, [one], {})) == {place for place, topic in PLACES if topic == "service.t0"}
    assert fair_shares([(1, "a.b.dlt")], members(2), {}) == {}
