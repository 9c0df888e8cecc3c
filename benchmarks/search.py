"""Search over real HTTP, by what people type: two words, unfinished words, slips of the hand, choices beside."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from benchmarks.asking import REQUESTS, WARM_UP, at_most, taken
from benchmarks.figures import Figure, percentile
from benchmarks.large import CARE, KINDS, SECOND, STEMS, fill
from benchmarks.parts import NoBackends
from benchmarks.whole import settings_of, whole
from services.cli.data import transaction
from services.registry.queries.facets import to_be_summed
from tests.flows.system import System

EMBEDDED, SCALED = 100_000, 1_000_000
AIM = 50
SUMMED_SECONDS = 300


def measure() -> list[Figure]:
    """p95 in milliseconds: 100,000 networks embedded, and a million on PostgreSQL where there is one."""
    figures = _measured("SQLite", EMBEDDED)
    try:
        return figures + _measured("PostgreSQL", SCALED, "POSTGRES")
    except NoBackends:
        return figures


def _measured(where: str, many: int, *parts: str) -> list[Figure]:
    with whole(*parts) as system:
        asyncio.run(fill(system, many))
        asyncio.run(_summed(system))
        return asked(system, where, many)


async def _summed(system: System) -> None:
    """Wait until the counts of facets are summed, as they are in every register that was not filled this minute."""
    async with asyncio.timeout(SUMMED_SECONDS):
        while True:
            async with transaction(settings_of(system), "registry") as session:
                if (await session.execute(to_be_summed().limit(1))).first() is None:
                    return
            await asyncio.sleep(0.5)


def asked(system: System, where: str, many: int) -> list[Figure]:
    """The figures of a system whose register is filled already."""
    kinds = list(QUESTIONS)
    milliseconds = taken(system, questions(), requests=REQUESTS * 2)
    by_kind = {kinds[(WARM_UP + place) % len(kinds)]: milliseconds[place :: len(kinds)] for place in range(len(kinds))}
    worst = {kind: percentile(found, 0.95) for kind, found in by_kind.items()}
    beside = ", ".join(f"{kind} {value:.0f}" for kind, value in worst.items())
    return [at_most(f"search in {many:,} networks, {where}, p95", percentile(milliseconds, 0.95), AIM, beside)]


def questions() -> Iterator[str]:
    """One of each kind in turn, the same in every run."""
    chance = random.Random(1)
    for kind in itertools.cycle(QUESTIONS):
        place = f"{chance.choice(STEMS)}{chance.choice(SECOND)}"
        asked = QUESTIONS[kind](place, chance.choice(CARE), chance)
        yield f"/api/networks?{urlencode({**asked, 'facets': 'true'})}"


def slipped(word: str, chance: random.Random) -> str:
    """*word* with two neighbours exchanged that differ."""
    places = [n for n in range(1, len(word) - 1) if word[n] != word[n + 1]]
    n = chance.choice(places)
    return f"{word[:n]}{word[n + 1]}{word[n]}{word[n + 2 :]}"


Asked = dict[str, str]
QUESTIONS: dict[str, Callable[[str, str, random.Random], Asked]] = {
    "a place and an illness": lambda place, care, _: {"q": f"{place} {care}"},
    "unfinished": lambda place, care, _: {"q": f"{place} {care[:3]}"},
    "one word": lambda place, _care, _: {"q": place[:5]},
    "what many have": lambda _place, care, chance: {"q": f"{care} {chance.choice(KINDS).split()[0]}"},
    "a slip": lambda place, care, chance: {"q": f"{slipped(place, chance)} {care}"},
    "two slips": lambda place, care, chance: {"q": f"{slipped(place, chance)} {slipped(care, chance)}"},
    "with choices": lambda place, care, _: {"q": f"{place} {care}", "stage": "managed"},
    "many, with choices": lambda _place, care, _: {"q": care, "sha": "Q31", "stage": "managed"},
    "no words, with choices": lambda _place, care, _: {"care_group": care, "sha": "Q31"},
}
