"""How far a typed word is from a known one, in slips of the hand."""

from __future__ import annotations

from rapidfuzz.distance import OSA

FORGIVEN = ((4, 0), (6, 1))
"""(shorter than so many letters, slips forgiven); two in longer words."""


def forgiven(word: str) -> int:
    """How many slips are forgiven in a typed *word*: none in short ones, where every slip is another word."""
    return next((slips for length, slips in FORGIVEN if len(word) < length), 2)


def slips(typed: str, word: str, most: int) -> tuple[int, int]:
    """(slips between *typed* and the nearest beginning of *word*, slips between it and all of *word*).

    A slip is a letter too many, too few, another one, or two neighbours exchanged. A word may be unfinished when it is
    typed, so its beginning counts first. Both numbers are `most + 1` where they are more than *most*.
    """
    lengths = range(max(0, len(typed) - most), min(len(word), len(typed) + most) + 1)
    beginnings = (OSA.distance(typed, word[:length], score_cutoff=most) for length in lengths)
    return min(beginnings, default=most + 1), OSA.distance(typed, word, score_cutoff=most)


def nearest(typed: str, candidates: list[str], *, most: int, limit: int) -> list[str]:
    """Those of *candidates* with the fewest slips from *typed*, none where all have more than *most*."""
    measured = [(*slips(typed, word, most), word) for word in dict.fromkeys(candidates)]
    fewest = min((found[0] for found in measured), default=most + 1)
    if fewest > most:
        return []
    return [word for slipped, _, word in sorted(measured) if slipped == fewest][:limit]
