"""Networks below one another in sections, every link an arc at their right: readable on a phone, and with hundreds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.gateway.pictures.parts import (
    ARROWED,
    SLOT,
    Box,
    Heading,
    Line,
    Link,
    Picture,
    Section,
    Word,
    box,
    word_room,
)  # fmt: skip

BOX = 290
GAP = 10
HEADING = 34
LANE = 14
"""From one arc to the next."""
EDGE = 12
CORNER = 7


def arcs(sections: Sequence[Section], links: Sequence[Link]) -> Picture:
    """The picture of *sections*, in their order, with the links between their networks."""
    boxes = {node.id: box(node, 0, BOX) for section in sections for node in section.nodes}
    drawn = [link for link in links if link.one in boxes and link.other in boxes]
    meet_at_the_right(boxes, drawn)
    headings, height = _stacked(sections, boxes)
    words, lines, right = arcs_beside(boxes, drawn, BOX)
    return Picture(list(boxes.values()), words, lines, right + EDGE, height, headings)


def meet_at_the_right(boxes: Mapping[str, Box], links: Sequence[Link]) -> None:
    """Each link meets both of its boxes at the right: those that lead up above those that lead down."""
    place = {identity: number for number, identity in enumerate(boxes)}
    for number, link in enumerate(links):
        boxes[link.one].right.append(number)
        boxes[link.other].right.append(number)
    for identity in {end for link in links for end in (link.one, link.other)}:
        boxes[identity].right.sort(key=lambda number: _leads(place, links[number], identity))


def _leads(place: Mapping[str, int], link: Link, identity: str) -> tuple[int, int]:
    """Up before down; of those up the nearest first, of those down the farthest: so arcs of one box do not cross."""
    far = place[link.other if link.one == identity else link.one] - place[identity]
    return (0, -far) if far < 0 else (1, -far)


def _stacked(sections: Sequence[Section], boxes: dict[str, Box]) -> tuple[list[Heading], float]:
    headings, y = [], 0.0
    for section in sections:
        if section.heading:
            headings.append(Heading(y + HEADING - 12, section.heading))
            y += HEADING
        for node in section.nodes:
            boxes[node.id].y = y
            y += boxes[node.id].height + GAP
    return headings, y


def arcs_beside(boxes: Mapping[str, Box], links: Sequence[Link], from_x: float) -> tuple[list[Word], list[Line], float]:
    """(words, lines, where the last lane is) of *links* between boxes that end at *from_x*.

    Boxes name their links in `right`, by their place in *links*; where a box has an outlet it takes the first slot.
    """
    ends = [(_slot(boxes[link.one], number), _slot(boxes[link.other], number)) for number, link in enumerate(links)]
    lanes = _lanes([(min(pair), max(pair)) for pair in ends])
    room = word_room(links)
    words, lines = [], []
    for number, (link, (y1, y2)) in enumerate(zip(links, ends, strict=True)):
        x = from_x + room + EDGE + lanes[number] * LANE
        words += [_word(from_x, y, link.word(end)) for y, end in ((y1, link.one), (y2, link.other))]
        said = f"{boxes[link.one].node.name} {link.word(link.one)} {boxes[link.other].node.name}"
        lines.append(Line(_path(from_x, x, y1, y2), link.kind, said, ends=link.kind in ARROWED))
    return words, lines, from_x + room + EDGE + (max(lanes, default=-1) + 1) * LANE


def _slot(box: Box, number: int) -> float:
    return box.slot(box.right.index(number) + box.has_outlet, len(box.right) + box.has_outlet)


def _word(x: float, y: float, text: str) -> Word:
    return Word(x + 12, y - 4, text, "start")


def _lanes(spans: Sequence[tuple[float, float]]) -> list[int]:
    """A lane for each span, so that no two in one lane meet; the short ones are nearest."""
    taken: list[list[tuple[float, float]]] = []
    found = [0] * len(spans)
    for number in sorted(range(len(spans)), key=lambda n: (spans[n][1] - spans[n][0], spans[n])):
        low, high = spans[number]
        free = (lane for lane, there in enumerate(taken) if _is_free(there, low, high))
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        found[number] = lane
    return found


def _is_free(there: Iterable[tuple[float, float]], low: float, high: float) -> bool:
    return all(high + SLOT / 2 <= begins or ends + SLOT / 2 <= low for begins, ends in there)


def _path(x1: float, x2: float, y1: float, y2: float) -> str:
    """Out to the lane, along it with round corners, and back."""
    down = CORNER if y2 > y1 else -CORNER
    inner = x2 - CORNER
    return (
        f"M{x1:.1f} {y1:.1f}H{inner:.1f}Q{x2:.1f} {y1:.1f} {x2:.1f} {y1 + down:.1f}"
        f"V{y2 - down:.1f}Q{x2:.1f} {y2:.1f} {inner:.1f} {y2:.1f}H{x1:.1f}"
    )
