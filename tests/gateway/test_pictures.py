"""Pictures of networks: nothing overlaps, whatever is drawn, and a kind is a word and a line."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.pictures import Link, Node, Picture, Section, arcs, layers
from services.gateway.pictures.lettering import width, wrapped
from services.gateway.pictures.parts import NAME, PAD, SMALL, WORDS
from services.registry.reference import rows

pytestmark = pytest.mark.fast
KINDS = tuple(kind for kind in WORDS if kind != "missing")
NAMES = [row["name"] for row in rows("networks")]
Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def overlapping(picture: Picture) -> list[tuple[str, str]]:
    """The pairs of boxes and words that overlap, by what they say."""
    found = [(box.node.name, (box.x, box.y, box.x + box.width, box.y + box.height)) for box in picture.boxes]
    for word in picture.words:
        left = word.x - word.width if word.anchor == "end" else word.x
        found.append((word.text, (left, word.y - SMALL, left + word.width, word.y + 3)))
    return [(one, other) for (one, a), (other, b) in combinations(found, 2) if meet(a, b)]


def meet(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def holds(picture: Picture) -> None:
    """Nothing overlaps, nothing sticks out, and each name stays in its box."""
    assert overlapping(picture) == []
    for box in picture.boxes:
        assert box.x >= 0 and box.y >= 0 and box.x + box.width <= picture.width
        assert box.y + box.height <= picture.height
        assert all(width(line, NAME) <= box.width - 2 * PAD for line in box.lines)
        assert all(box.y < y < box.y + box.height for _, y, _ in box.texts)
    for word in picture.words:
        assert word.x + (word.width if word.anchor == "start" else 0) <= picture.width


def neighbourhood(size: int, links: int, seed: int = 1) -> tuple[list[list[Node]], list[Link]]:
    """A network, a third of the others linked to it, the rest to those, and more links beside."""
    chance = Random(seed)
    nodes = [Node(str(n), NAMES[n % len(NAMES)], f"/networks/{n}", "Stroke, regional") for n in range(size)]
    near = max(1, (size - 1) // 3) + 1
    columns = [nodes[:1], nodes[1:near], nodes[near:]]
    found = [Link(chance.choice(KINDS), "0", node.id) for node in columns[1]]
    found += [Link(chance.choice(KINDS), node.id, chance.choice(columns[1]).id) for node in columns[2]]
    while len(found) < links:
        column = chance.choice([column for column in columns[1:] if len(column) > 1])
        one, other = chance.sample(column, 2)
        found.append(Link(chance.choice(KINDS), one.id, other.id))
    return columns, found


@pytest.mark.parametrize(("size", "links"), [(1, 0), (2, 1), (5, 6), (40, 60), (200, 320)])
def test_a_neighbourhood_of_any_size_is_readable(size: int, links: int) -> None:
    columns, found = neighbourhood(size, links)
    picture = layers(columns, found)
    holds(picture)
    assert len(picture.boxes) == size and len(picture.lines) == links
    assert len(picture.words) >= len(picture.lines), "a link without its word"


@pytest.mark.parametrize(("size", "links"), [(1, 0), (5, 4), (40, 60), (200, 320)])
def test_a_care_group_of_any_size_is_readable(size: int, links: int) -> None:
    columns, found = neighbourhood(size, links)
    nodes = [node for column in columns for node in column]
    halves = [Section("North West", nodes[: size // 2]), Section("Yorkshire and the Humber", nodes[size // 2 :])]
    picture = arcs(halves, found)
    holds(picture)
    assert len(picture.boxes) == size and len(picture.words) == 2 * links
    for heading in picture.headings:
        assert not any(box.y < heading.y < box.y + box.height for box in picture.boxes)


names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=200)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(names, min_size=1, max_size=12),
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 11), st.integers(0, 11)), max_size=20),
    st.integers(0, 11),
)
def test_nothing_overlaps_whatever_networks_are_called(
    called: list[str], links: list[tuple[str, int, int]], near: int
) -> None:
    nodes = [Node(str(number), name, "/", name[:60]) for number, name in enumerate(called)]
    columns = [nodes[:1], nodes[1 : near + 1], nodes[near + 1 :]]
    column_of = {node.id: number for number, column in enumerate(columns) for node in column}
    drawn = [Link(kind, str(one), str(other)) for kind, one, other in links if one != other]
    known = [link for link in drawn if {link.one, link.other} <= set(column_of)]
    holds(arcs([Section("All", nodes)], known))
    holds(layers(columns, [link for link in known if abs(column_of[link.one] - column_of[link.other]) < 2]))


def test_the_same_networks_make_the_same_picture() -> None:
    columns, found = neighbourhood(40, 60)
    assert layers(columns, found) == layers(columns, found)


def test_a_link_is_read_from_the_network_at_its_left_and_points_where_it_speaks_of() -> None:
    above, below = Node("a", "Above", "/a"), Node("b", "Below", "/b")
    picture = layers([[below], [above]], [Link("parent_of", "a", "b")])
    (word,), (line,) = picture.words, picture.lines
    assert (word.text, line.title) == ("part of", "Below part of Above")
    assert line.starts and not line.ends


def test_arcs_in_one_lane_never_run_over_one_another() -> None:
    nodes = [Node(str(n), f"Network {n}", "/") for n in range(12)]
    links = [Link("works_with", "0", str(n)) for n in range(1, 12)] + [Link("works_with", "3", "7")]
    picture = arcs([Section("", nodes)], links)
    lanes = sorted({line.path.split("H")[1].split("Q")[0] for line in picture.lines})
    assert len(lanes) >= 11, "arcs from one network share a lane"


def test_names_are_broken_between_words_and_only_then_within_them() -> None:
    lines = wrapped("Leicestershire, Northamptonshire and Rutland Cancer Network", NAME, 200)
    assert " ".join(lines) == "Leicestershire, Northamptonshire and Rutland Cancer Network"
    assert "".join(wrapped("x" * 300, NAME, 200)) == "x" * 300
    assert wrapped("", NAME, 200) == [""]
