"""Group commit: what comes meanwhile goes together, and neither the database nor who waits for it keeps the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from services.notifications.delivery import together
from services.notifications.delivery.together import Together


class Ledger:
    """Writes groups, each when it is let, and notes in which order things happened."""

    def __init__(self, expected: int = 1) -> None:
        self.noted: list[str] = []
        self.let = asyncio.Semaphore(0)
        self.together: Together[str, str] = Together(self.write, "ledger", lambda: expected)

    async def write(self, group: list[str]) -> Sequence[str]:
        self.noted.append(f"begin {'+'.join(group)}")
        await self.let.acquire()
        if "bad" in group:
            raise ValueError("bad")
        return [item.upper() for item in group]

    async def add(self, item: str) -> str:
        answer = await self.together.add(item)
        self.noted.append(f"told {item}")
        return answer


async def test_what_comes_while_a_group_is_written_goes_together_and_begins_before_the_first_are_told() -> None:
    ledger = Ledger()
    first = [asyncio.create_task(ledger.add(item)) for item in ("a", "b")]
    await asyncio.sleep(0.01)
    second = [asyncio.create_task(ledger.add(item)) for item in ("c", "d")]
    await asyncio.sleep(0.01)
    ledger.let.release()
    assert await asyncio.gather(*first) == ["A", "B"]
    ledger.let.release()
    assert await asyncio.gather(*second) == ["C", "D"]
    assert ledger.noted == ["begin a+b", "begin c+d", "told a", "told b", "told c", "told d"]


async def test_a_group_that_fails_tells_each_of_it_and_the_next_goes_on() -> None:
    ledger = Ledger()
    first = [asyncio.create_task(ledger.add(item)) for item in ("a", "bad")]
    await asyncio.sleep(0.01)
    second = asyncio.create_task(ledger.add("c"))
    ledger.let.release()
    ledger.let.release()
    assert [type(one) for one in await asyncio.gather(*first, return_exceptions=True)] == [ValueError, ValueError]
    assert await second == "C"


async def test_settled_waits_for_what_is_being_written() -> None:
    ledger = Ledger()
    adding = asyncio.create_task(ledger.add("a"))
    await asyncio.sleep(0.01)
    settling = asyncio.create_task(ledger.together.settled())
    await asyncio.sleep(0.01)
    assert not settling.done()
    ledger.let.release()
    await settling
    assert await adding == "A"


async def test_a_group_waits_for_those_who_are_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "PATIENCE_SECONDS", 60)
    ledger = Ledger(expected=2)
    ledger.let.release()
    first = asyncio.create_task(ledger.add("a"))
    await asyncio.sleep(0.01)
    assert ledger.noted == []
    assert [await ledger.add("b"), await first] == ["B", "A"]
    assert ledger.noted[0] == "begin a+b"


async def test_a_group_does_not_wait_for_ever() -> None:
    ledger = Ledger(expected=3)
    ledger.let.release()
    assert await asyncio.gather(ledger.add("a"), ledger.add("b")) == ["A", "B"]
