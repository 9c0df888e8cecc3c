"""What a picture is made of, and the boxes that both layouts share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.gateway.pictures.lettering import width, wrapped

NAME, SMALL = 14, 12
"""Sizes of a network's name, and of everything else."""
LINE = 18
"""From one line of a name to the next."""
PAD = 8
SLOT = 20
"""From one link that meets a box to the next: room for its word."""
ARROWED = frozenset({"parent_of", "scrutinises", "succeeds"})
WORDS = {
    "works_with": ("works with", "works with"),
    "shares_pathway_with": ("shares pathway with", "shares pathway with"),
    "parent_of": ("parent of", "part of"),
    "scrutinises": ("scrutinises", "scrutinised by"),
    "succeeds": ("succeeds", "succeeded by"),
    "missing": ("not linked", "not linked"),
}
"""Kind → the word for it, read from the left end of a link, and from the right end."""


@dataclass(frozen=True)
class Style:
    """How a kind of link is drawn: told apart by dashes and strength, also without its colour."""

    stroke: str
    width: float
    dashes: str


STYLES = {
    "works_with": Style("#005eb8", 2, ""),
    "shares_pathway_with": Style("#007f3b", 2, "10 4"),
    "parent_of": Style("#212b32", 3, ""),
    "scrutinises": Style("#7c2855", 2.5, "2 4"),
    "succeeds": Style("#4c6272", 2, "10 4 2 4"),
    "missing": Style("#d5281b", 2, "3 7"),
}


@dataclass(frozen=True)
class Node:
    """A network to be drawn. `about` is a short line below its name, `is_main` makes it stand out."""

    id: str
    name: str
    href: str
    about: str = ""
    is_main: bool = False


@dataclass(frozen=True)
class Link:
    """A link to be drawn, read from *one* to *other*; `kind` may be "missing"."""

    kind: str
    one: str
    other: str

    def word(self, end: str) -> str:
        """The word for this link, read from the network *end*."""
        return WORDS[self.kind][end != self.one]


@dataclass(frozen=True)
class Section:
    """Some networks that belong together, below a heading."""

    heading: str
    nodes: Sequence[Node]


@dataclass
class Box:
    """A network's place in the picture. `left` and `right` are the links that meet it there, by their place."""

    node: Node
    x: float
    width: float
    lines: list[str]
    about: list[str]
    y: float = 0
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    has_outlet: bool = False

    @property
    def height(self) -> float:
        """Room for the name and for every link that meets the box."""
        text = LINE * len(self.lines) + (SMALL + 4) * len(self.about)
        return max(text, SLOT * len(self.left), SLOT * (len(self.right) + self.has_outlet)) + 2 * PAD

    @property
    def texts(self) -> list[tuple[str, float, bool]]:
        """(text, its baseline, whether it is part of the name), from above, in the middle of the box."""
        rows = [(line, LINE, True) for line in self.lines] + [(line, SMALL + 4, False) for line in self.about]
        top = self.y + (self.height - sum(height for _, height, _ in rows)) / 2
        placed = []
        for text, height, is_name in rows:
            top += height
            placed.append((text, round(top - 4, 1), is_name))
        return placed

    def slot(self, number: int, of: int) -> float:
        """Where the link of this *number* meets a side that *of* links meet."""
        return self.y + self.height / 2 + (number - (of - 1) / 2) * SLOT


@dataclass(frozen=True)
class Word:
    """A word beside a link. `anchor` is the side on which *x* stands: start or end."""

    x: float
    y: float
    text: str
    anchor: str

    @property
    def width(self) -> float:
        """How wide it is at most."""
        return width(self.text, SMALL)


@dataclass(frozen=True)
class Line:
    """A link's line; arrows point at the end that the link speaks of."""

    path: str
    kind: str
    title: str
    starts: bool = False
    ends: bool = False

    @property
    def style(self) -> Style:
        """How it is drawn."""
        return STYLES[self.kind]


@dataclass(frozen=True)
class Heading:
    """What stands above a section."""

    y: float
    text: str


@dataclass
class Picture:
    """A finished picture."""

    boxes: list[Box]
    words: list[Word]
    lines: list[Line]
    width: float
    height: float
    headings: list[Heading] = field(default_factory=list)

    @property
    def legend(self) -> list[tuple[str, Style]]:
        """(word, style) of each kind of link in it."""
        drawn = {line.kind for line in self.lines}
        return [(words[0], STYLES[kind]) for kind, words in WORDS.items() if kind in drawn]


def box(node: Node, x: float, wide: float) -> Box:
    """The box of a network, not yet at its height."""
    about = wrapped(node.about, SMALL, wide - 2 * PAD) if node.about else []
    return Box(node, x, wide, wrapped(node.name, NAME, wide - 2 * PAD), about)


def word_room(links: Sequence[Link]) -> float:
    """The room that the words of *links* need beside a box; none where there are none."""
    words = {word for link in links for word in WORDS[link.kind]}
    return max((width(word, SMALL) for word in words), default=-12) + 12
