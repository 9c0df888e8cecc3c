"""Whether a network matches what somebody looks for, decided for one network alone.

Invariant: it says of a network what the directory would: a search finds exactly the networks that match it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.registry.commands.naming import words_of

BEGINS = 4
"""Letters of its longest word by which a search is found."""
SEARCHED = ("name", "aliases", "care_group", "aims")
"""The fields of a network that are searched."""
SMALL = frozenset(("a", "an", "and", "are", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"))
"""Words that say nothing of a network; they count only where nothing else was typed."""
MOST_TYPED = 10
"""Words of a question that count."""


def typed_words(q: str) -> list[str]:
    """The words of *q* that count, each once: no small ones beside others, no single letter before its word grows."""
    words = list(dict.fromkeys(words_of(q)))[:MOST_TYPED]
    telling = [word for word in words if word not in SMALL and (len(word) > 1 or not word.isalpha())]
    return telling or words


def searched_words(state: Mapping[str, Any]) -> list[str]:
    """The words of a network by which it is found, each once."""
    texts = (state[name] for name in SEARCHED)
    said = " ".join(text if isinstance(text, str) else " ".join(text) for text in texts)
    return list(dict.fromkeys(words_of(said)))


def beginning_of(q: str) -> str:
    """How the longest word of *q* begins, or nothing where *q* has none: whatever matches has a word that begins so."""
    return max(typed_words(q), key=len, default="")[:BEGINS]


def beginnings_in(words: Iterable[str]) -> set[str]:
    """What `beginning_of` may say of a search that a network with these *words* matches."""
    return {""} | {word[:length] for word in words for length in range(1, BEGINS + 1)}


def matches(state: Mapping[str, Any], *, q: str, chosen: Mapping[str, str]) -> bool:
    """Whether a network in this *state* is on the register and has every word of *q* and every facet *chosen*."""
    if state["archived"]:
        return False
    for facet, value in chosen.items():
        if value and (value not in state["bodies"] if facet == "sha" else state[facet] != value):
            return False
    words = searched_words(state)
    return all(any(word.startswith(typed) for word in words) for typed in typed_words(q))
