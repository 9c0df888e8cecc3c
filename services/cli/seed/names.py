"""Invented names. They sound like nobody's, so that no reader takes a demonstration person for a real one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

GIVEN = (
    "Abrel", "Bostane", "Corwenna", "Dalmar", "Elowick", "Fennimay", "Garrowin", "Hesperal", "Idrenna", "Jorrick",
    "Kestrina", "Lorrimer", "Merrinda", "Norvane", "Orrinel", "Pemberley", "Quillon", "Rowanne", "Sorrelia", "Tamsel",
    "Ulvric", "Vesperin", "Winnow", "Yarrowen", "Zephrine", "Ambrela", "Brindle", "Caspen", "Dovrette", "Emberlin",
)  # fmt: skip
FAMILY = (
    "Applequist", "Brackenthorn", "Copperdale", "Dapplemere", "Eldershaw", "Fernquill", "Gorsewell", "Hartlequill",
    "Inkpenny", "Juniperton", "Kettlewick", "Larkenfield", "Marrowby", "Nettlecombe-Ray", "Oatesworthy", "Pebblewhite",
    "Quincemarsh", "Rushenby", "Saltmarrow", "Thistlewick", "Umberlow", "Vinterbrook", "Willowmarch", "Yewcastle",
)  # fmt: skip
WORDS = (
    "amber", "bramble", "candle", "dapple", "ember", "fathom", "garnet", "hazel", "island", "juniper", "kestrel",
    "lantern", "meadow", "nutmeg", "orchard", "pebble", "quarry", "ribbon", "saffron", "thimble", "velvet", "willow",
)  # fmt: skip


def invented_names(chance: Random) -> Iterator[str]:
    """Every name that can be made, each once, in a random order: 720 of them."""
    names = [f"{given} {family}" for given in GIVEN for family in FAMILY]
    chance.shuffle(names)
    yield from names


def address_of(name: str, place: str) -> str:
    """An e-mail address that can never be delivered to (RFC 2606)."""
    return f"{name.lower().replace(' ', '.')}@{place}.example"
