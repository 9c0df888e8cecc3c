"""How far a typed word is from a known one, in slips of the hand."""

from __future__ import annotations

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
    far = most + 1
    if len(typed) - len(word) > most:
        return far, far
    before: list[int] = []
    row = list(range(len(word) + 1))
    for i, letter in enumerate(typed, start=1):
        before_that, before, row = before, row, [i]
        for j, other in enumerate(word, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == word[j - 2] and typed[i - 2] == other:
                cost = min(cost, before_that[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return far, far
    return min(far, *row), min(far, row[-1])


def nearest(typed: str, candidates: list[str], *, most: int, limit: int) -> list[str]:
    """Those of *candidates* with the fewest slips from *typed*, none where all have more than *most*."""
    measured = [(*slips(typed, word, most), word) for word in dict.fromkeys(candidates)]
    fewest = min((found[0] for found in measured), default=most + 1)
    if fewest > most:
        return []
    return [word for slipped, _, word in sorted(measured) if slipped == fewest][:limit]
