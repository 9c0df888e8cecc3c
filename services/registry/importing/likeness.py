"""Names that mean the same: found by what distinguishes them, not by letters alone.

`Stroke Network of Greater Manchester`, `Greater Manchester Stroke network` and `Greater Manchestr Stroke` are alike;
`Greater Manchester Cardiac Network` is another, however few letters differ. So a name is taken as the set of the words
that distinguish it, and two are alike when the sets are equal but for one word, and that word is one letter off.

Looking is by hashes of the set and of the set less one word, in sorted arrays of numbers: two hundred thousand names
take some thirty megabytes and a comparison costs a few searches, however large the register is.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from sys import intern

from rapidfuzz.distance import OSA

from services.registry.wording import distinguishing

_MOST_WORDS = 8
_MOST_COMPARED = 40
_PLACES, _HASH = 24, (1 << 40) - 1
"""Bits for a name's place; the other forty hold a hash."""
_SHARDS = 64
_SHORTEST = 5
"""Letters of the shortest word that may be mistyped: shorter ones mean something else with another letter."""


def difference(ours: Sequence[str], theirs: Sequence[str]) -> str | None:
    """How two names differ that are alike by these words, as a sentence's end; None where they are not alike."""
    if not ours or len(ours) != len(theirs):
        return None
    if ours == theirs:
        return "only the order of the words or general words differ"
    mine, yours = _without(ours, theirs), _without(theirs, ours)
    if len(mine) == len(yours) == 1 and _is_near(mine[0], yours[0]):
        return f"“{mine[0]}” and “{yours[0]}” differ by a letter"
    return None


def _without(words: Sequence[str], others: Sequence[str]) -> list[str]:
    left = list(others)
    found = []
    for word in words:
        if word in left:
            left.remove(word)
        else:
            found.append(word)
    return found


def _is_near(one: str, other: str) -> bool:
    return _may_be_off(one) and _may_be_off(other) and OSA.distance(one, other, score_cutoff=1) <= 1


def _may_be_off(word: str) -> bool:
    return len(word) >= _SHORTEST and word.isalpha()


class Likeness:
    """Names by their place in a list, and which earlier ones a name is like."""

    def __init__(self) -> None:
        """No names yet."""
        self._words: list[tuple[str, ...]] = []
        self._shards = [array("Q") for _ in range(_SHARDS)]

    def add(self, name: str) -> int:
        """Take *name* in; returns its place."""
        place, words = len(self._words), tuple(map(intern, distinguishing(name)))
        self._words.append(words)
        for hashed in _hashes(words):
            self._shards[hashed % _SHARDS].append(hashed << _PLACES | place)
        return place

    def sort(self) -> None:
        """Make ready to be asked, once all names are in."""
        self._shards = [array("Q", sorted(shard)) for shard in self._shards]

    def like(self, name: str, *, before: int) -> Iterator[tuple[int, str]]:
        """(place, how it differs) of the names added before *before* that are like *name*."""
        seen: set[int] = set()
        words = distinguishing(name)
        for hashed in _hashes(words):
            for place in self._at(hashed):
                if place < before and place not in seen and (how := difference(words, self._words[place])):
                    yield place, how
                seen.add(place)

    def _at(self, hashed: int) -> Iterator[int]:
        shard = self._shards[hashed % _SHARDS]
        first = bisect_left(shard, hashed << _PLACES)
        for entry in shard[first : first + _MOST_COMPARED]:
            if entry >> _PLACES != hashed:
                return
            yield entry & ((1 << _PLACES) - 1)


def _hashes(words: tuple[str, ...]) -> Iterator[int]:
    """Of all the words; and of all but one that may be a letter off, with what stays of that one: its first or last."""
    if not words:
        return
    yield hash(words) & _HASH
    for place, word in enumerate(words[:_MOST_WORDS]):
        if len(words) > 1 and _may_be_off(word):
            others = words[:place] + words[place + 1 :]
            yield hash((others, "first", word[0])) & _HASH
            yield hash((others, "last", word[-1])) & _HASH
