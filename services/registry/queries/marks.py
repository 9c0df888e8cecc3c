"""Where the words that were typed stand in what was found, as places in the text: who shows it, escapes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from services.registry.queries.words import Term
from services.registry.schemas.networks import Marked, Marks, Span
from services.registry.tables import Network
from services.registry.wording import folded

BEFORE, AFTER = 60, 120
"""Characters of an excerpt before and after its first hit."""
_WORD = re.compile(r"[^\W_]+(?:['’ʼ`][^\W_]+)*")
_APOSTROPHE = re.compile("['’ʼ`]")


class _Aligned(dict[int, str]):
    """Each letter without accent or case, and one letter for one: places in the folded text are places in the text."""

    def __missing__(self, code: int) -> str:
        letter = folded(chr(code))
        self[code] = letter if len(letter) == 1 else chr(code)
        return self[code]


_ALIGNED = _Aligned()


def marks_of(network: Network, terms: Sequence[Term]) -> Marks:
    """The hits in a network's name, other names and care group; in its aims those that explain why it was found."""
    name, care_group = spans(network.name, terms), spans(network.care_group.replace("_", " "), terms)
    aliases = [Marked(text=alias, marks=found) for alias in network.aliases if (found := spans(alias, terms))]
    shown = [network.name, network.care_group.replace("_", " "), *(alias.text for alias in aliases)]
    missing = [term for term in terms if not any(spans(text, [term]) for text in shown)]
    aims = _excerpt(network.aims, missing) if missing else None
    return Marks(name=name, aliases=aliases, care_group=care_group, aims=aims)


def spans(text: str, terms: Sequence[Term]) -> list[Span]:
    """(first, one after the last) character of each hit in *text*: what was typed of a word, or all of it where it was
    not typed so."""
    return list(_spans(text, terms))


def _spans(text: str, terms: Sequence[Term]) -> Iterator[Span]:
    for found in _WORD.finditer(text.translate(_ALIGNED)):
        word = _APOSTROPHE.sub("", found[0])
        term = next((term for term in terms if term.means(word)), None)
        if term is not None:
            is_typed = word == found[0] and word.startswith(term.typed)
            yield found.start(), found.start() + len(term.typed) if is_typed else found.end()


def _excerpt(text: str, terms: Sequence[Term]) -> Marked | None:
    """The surroundings of the first hit in a long text, cut between words."""
    beginnings = {word for term in terms for word in ((term.typed,) if term.is_beginning else term.meant)}
    if not beginnings:
        return None
    first = re.search(rf"(?<![^\W_])(?:{'|'.join(sorted(beginnings))})", text.translate(_ALIGNED))
    if first is None:
        return None
    begin, end = max(0, first.start() - BEFORE), min(len(text), first.end() + AFTER)
    begin = text.find(" ", begin, first.start()) + 1 if begin else 0
    end = text.rfind(" ", first.end(), end) if end < len(text) and text.rfind(" ", first.end(), end) > 0 else end
    piece = ("… " if begin else "") + " ".join(text[begin:end].split()) + (" …" if end < len(text) else "")
    return Marked(text=piece, marks=spans(piece, terms))
