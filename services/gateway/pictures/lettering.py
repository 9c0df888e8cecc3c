"""How wide text is, without a browser: the widths of Arial's letters, with room for the fonts that stand in for it."""

from __future__ import annotations

from functools import lru_cache

WIDTHS = {
    **dict.fromkeys("'", 191), **dict.fromkeys("ijl", 222), **dict.fromkeys(" !,./:;I[]\\ft", 278),
    **dict.fromkeys("()-r`", 333), **dict.fromkeys('"*', 389), **dict.fromkeys("Jckszvxy^", 500),
    **dict.fromkeys("FTZ", 611), **dict.fromkeys("&ABEKPSVXY", 667), **dict.fromkeys("CDHNRUw", 722),
    **dict.fromkeys("GOQ", 778), **dict.fromkeys("mM", 833), **dict.fromkeys("%W", 944), "@": 1015,
}  # fmt: skip
"""Thousandths of the font's size; other letters of English are 556, whatever is not English is taken as widest."""
ROOM = 1.15
"""How much wider than Arial a stand-in may be (DejaVu Sans is)."""


@lru_cache(10_000)
def width(text: str, size: float) -> float:
    """The most that *text* takes at *size*, both in units of the picture."""
    thousandths = sum(WIDTHS.get(letter, 584 if letter.isascii() else 1000) for letter in text)
    return thousandths * size * ROOM / 1000


def wrapped(text: str, size: float, widest: float) -> list[str]:
    """*text* in lines no wider than *widest*, broken between words where a word fits a line at all."""
    lines: list[str] = []
    line = ""
    for word in _fitting(text.split(), size, widest):
        longer = f"{line} {word}" if line else word
        if line and width(longer, size) > widest:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line or not lines else lines


def _fitting(words: list[str], size: float, widest: float) -> list[str]:
    """The words, those too long for a line cut into pieces that fit."""
    found: list[str] = []
    for word in words:
        piece = ""
        for letter in word:
            if piece and width(piece + letter, size) > widest:
                found.append(piece)
                piece = ""
            piece += letter
        found.append(piece)
    return found
