"""Which passwords are too easily guessed, by NIST SP 800-63B: long ones, and none that is known; no other rule.

A list of the most common passwords of past breaches has hardly any of fifteen characters. So a password is refused,
too, where it is nothing but one or two of the list, said once or several times, or its owner's name or address.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from services.membership.passwords import normal
from shared.errors import Unprocessable

LIST = Path(__file__).parents[1] / "reference" / "common-passwords.txt.gz"
SHORTEST_PIECE = 3
ROWS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")


class KnownPassword(Unprocessable):
    """This password is easy to guess: it is, or is put together from, one that many people use or that is about you."""


def require_sound(password: str, *, about: Sequence[str] = ()) -> None:
    """Raise KnownPassword for one that is common, or made of what it is *about*: names and addresses of its owner."""
    plain = _plain(password)
    own = {piece for text in about for piece in (_plain(text), *map(_plain, text.replace("@", " ").split()))}
    if _is_made_of_known(plain, own):
        message = "Choose another, such as four random words; this one is easy to guess"
        raise KnownPassword(errors=[{"field": "password", "message": message}])


def _is_made_of_known(plain: str, own: set[str]) -> bool:
    unit = _unit(plain)
    if _is_known(unit, own):
        return True
    pieces = ((unit[:at], unit[at:]) for at in range(SHORTEST_PIECE, len(unit) - SHORTEST_PIECE + 1))
    return any(_is_known(_unit(one), own) and _is_known(_unit(other), own) for one, other in pieces)


def _is_known(piece: str, own: set[str]) -> bool:
    return len(piece) < SHORTEST_PIECE or piece in own or piece in _common() or _is_a_row(piece)


def _is_a_row(piece: str) -> bool:
    return any(piece in row * 3 or piece in row[::-1] * 3 for row in ROWS)


def _unit(text: str) -> str:
    """What *text* repeats, or itself: `abc` of `abcabcabc`."""
    at = (text + text).find(text, 1)
    return text[:at] if 0 < at < len(text) else text


def _plain(text: str) -> str:
    """Small letters and digits alone: a mark between or a capital makes nothing harder to guess."""
    folded = normal(text).casefold()
    return "".join(character for character in folded if character.isalnum()) or folded


@cache
def _common() -> frozenset[str]:
    """The list; two megabytes, from the first password that is set."""
    with gzip.open(LIST, "rt", encoding="utf-8") as lines:
        return frozenset(line.strip() for line in lines)
