"""A network at the left, what is linked to it beside it, and what is linked to those beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.gateway.pictures.arcs import EDGE, arcs_beside, meet_at_the_right
from services.gateway.pictures.parts import ARROWED, WORDS, Box, Line, Link, Node, Picture, Word, box, word_room

BOX = 216
GAP = 12
CURVES = 70
"""The room in which lines cross from one column to the next."""
TALLEST_CENTRED = 700
"""A taller picture begins at its top, where the reader does."""
ORDER = {kind: place for place, kind in enumerate(WORDS)}


@dataclass(frozen=True)
class _Ahead:
    """A link between two columns; `is_forward` where it is read from left to right."""

    link: Link
    left: str
    right: str
    is_forward: bool


def layers(columns: Sequence[Sequence[Node]], links: Sequence[Link]) -> Picture:
    """The picture of *columns*, the first of which holds the network in question; no link leaps over a column."""
    column_of = {node.id: number for number, nodes in enumerate(columns) for node in nodes}
    known = [link for link in links if link.one in column_of and link.other in column_of]
    ahead = [_turned(link, column_of) for link in known if column_of[link.one] != column_of[link.other]]
    within = [[k for k in known if column_of[k.one] == column_of[k.other] == n] for n in range(len(columns))]
    stacks = [[box(node, 0, BOX) for node in nodes] for nodes in _in_order(columns, ahead)]
    boxes = {drawn.node.id: drawn for stack in stacks for drawn in stack}
    _meet(boxes, ahead, within)
    height = _stacked(stacks)
    words, lines, ends = _placed(stacks, within, ahead)
    more_words, more_lines = _across(boxes, ahead, {identity: ends[n] for identity, n in column_of.items()})
    return Picture(list(boxes.values()), words + more_words, lines + more_lines, max(ends, default=0.0) + EDGE, height)


def _turned(link: Link, column_of: Mapping[str, int]) -> _Ahead:
    """A link between two columns, with the ends as they stand in the picture."""
    is_forward = column_of[link.one] < column_of[link.other]
    left, right = (link.one, link.other) if is_forward else (link.other, link.one)
    return _Ahead(link, left, right, is_forward)


def _in_order(columns: Sequence[Sequence[Node]], ahead: Sequence[_Ahead]) -> list[list[Node]]:
    """Each column in the order of what it is linked to before it, so that few lines cross; then by kind and name."""
    place: dict[str, int] = {}
    ordered = []
    for nodes in columns:
        linked = {node.id: [a for a in ahead if a.right == node.id and a.left in place] for node in nodes}
        found = sorted(nodes, key=lambda node: (_middle(linked[node.id], place), _kind(linked[node.id]), node.name))
        place |= {node.id: number for number, node in enumerate(found)}
        ordered.append(found)
    return ordered


def _middle(linked: Sequence[_Ahead], place: Mapping[str, int]) -> float:
    return sum(place[each.left] for each in linked) / len(linked) if linked else 0.0


def _kind(linked: Sequence[_Ahead]) -> int:
    return min((ORDER[each.link.kind] for each in linked), default=0)


def _meet(boxes: Mapping[str, Box], ahead: Sequence[_Ahead], within: Sequence[Sequence[Link]]) -> None:
    """Say which links meet each box at its left, and which at its right."""
    place = {identity: number for number, identity in enumerate(boxes)}
    for number, each in sorted(enumerate(ahead), key=lambda pair: place[pair[1].left]):
        boxes[each.left].has_outlet = True
        boxes[each.right].left.append(number)
    for links in within:
        meet_at_the_right(boxes, links)


def _stacked(stacks: Sequence[Sequence[Box]]) -> float:
    """Give every box its height; returns that of the picture."""
    tall = [sum(box.height + GAP for box in stack) for stack in stacks]
    height = max(tall, default=0.0)
    for stack, mine in zip(stacks, tall, strict=True):
        y = (height - mine) / 2 if height <= TALLEST_CENTRED else 0.0
        for drawn in stack:
            drawn.y = y
            y += drawn.height + GAP
    return height


def _placed(
    stacks: Sequence[Sequence[Box]], within: Sequence[Sequence[Link]], ahead: Sequence[_Ahead]
) -> tuple[list[Word], list[Line], list[float]]:
    """Give every column its place from left to right; returns its own words and lines, and where each column ends."""
    words: list[Word] = []
    lines: list[Line] = []
    ends: list[float] = []
    room = word_room([each.link for each in ahead])
    for stack, links in zip(stacks, within, strict=True):
        x = ends[-1] + CURVES + room if ends else 0.0
        for drawn in stack:
            drawn.x = x
        end = x + BOX
        if links:
            more_words, more_lines, end = arcs_beside({drawn.node.id: drawn for drawn in stack}, links, end)
            words, lines = words + more_words, lines + more_lines
        ends.append(end)
    return words, lines, ends


def _across(
    boxes: Mapping[str, Box], ahead: Sequence[_Ahead], ends: Mapping[str, float]
) -> tuple[list[Word], list[Line]]:
    """The links between columns: out of the left box, in a curve to the word beside the right one."""
    words, lines = [], []
    room = word_room([each.link for each in ahead])
    for number, each in enumerate(ahead):
        left, right = boxes[each.left], boxes[each.right]
        y1, y2 = left.slot(0, len(left.right) + 1), right.slot(right.left.index(number), len(right.left))
        out, meets = ends[each.left], right.x - room
        bend = (meets - out) / 2
        path = (
            f"M{left.x + BOX:.1f} {y1:.1f}H{out:.1f}"
            f"C{out + bend:.1f} {y1:.1f} {meets - bend:.1f} {y2:.1f} {meets:.1f} {y2:.1f}H{right.x:.1f}"
        )
        said = f"{left.node.name} {each.link.word(each.left)} {right.node.name}"
        points = each.link.kind in ARROWED
        words.append(Word(right.x - 12, y2 - 4, each.link.word(each.left), "end"))
        lines.append(
            Line(path, each.link.kind, said, starts=points and not each.is_forward, ends=points and each.is_forward)
        )
    return words, lines
