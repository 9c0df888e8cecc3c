"""Names as they are compared: without accents and case, without marks, and by the words that tell one from another."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_MARKS = re.compile(r"[^a-z0-9]+")
_GENERAL = frozenset({"the", "and", "of", "for", "in", "a", "network", "networks", "nhs", "managed", "care", "mcn"})
_SHORT = {
    "nw": ("north", "west"), "ne": ("north", "east"), "sw": ("south", "west"), "se": ("south", "east"),
    "odn": ("operational", "delivery"), "st": ("saint",), "paed": ("paediatric",), "paeds": ("paediatric",),
    "chd": ("coronary", "heart", "disease"), "gtr": ("greater",), "hosp": ("hospital",), "dept": ("department",),
    "natl": ("national",), "reg": ("regional",), "gm": ("greater", "manchester"), "yorks": ("yorkshire",),
    "lancs": ("lancashire",), "herts": ("hertfordshire",), "beds": ("bedfordshire",), "notts": ("nottinghamshire",),
}  # fmt: skip


def folded(text: str) -> str:
    """*text* without accents or case, for order and search."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def key_of(text: str) -> str:
    """*text* for comparing: without case, accents or marks."""
    return _MARKS.sub(" ", folded(text).replace("'", "").replace("’", "")).strip()


@lru_cache(maxsize=5_000)
def distinguishing(name: str) -> tuple[str, ...]:
    """The words that tell a name from others, sorted; British and American spellings the same."""
    found: list[str] = []
    for word in key_of(name).split():
        if word not in _GENERAL:
            found += _SHORT.get(word, (word,))
    return tuple(sorted(re.sub(r"ae|oe", "e", word) for word in found))
