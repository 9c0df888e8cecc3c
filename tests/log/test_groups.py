"""What every log promises a group: its members share the partitions, and a death or a rebalance loses nothing."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared.log import NotOwner, Place
from tests.conftest import ROOT
from tests.log.conftest import Bench, ends, eventually, read, record, shared_evenly, texts


async def test_members_share_the_partitions(bench: Bench) -> None:
    topic = await bench.topic(partitions=6)
    first, second = await bench.join(topic), await bench.join(topic, log=await bench.open())
    mine, theirs = await shared_evenly(first, second)
    assert not mine & theirs and len(mine | theirs) == 6
    await bench.log.append([record(topic, f"k{number}", str(number)) for number in range(60)])
    found = await asyncio.gather(read(first, 60, seconds=2), read(second, 60, seconds=2))
    assert sorted(texts(found[0]) + texts(found[1]), key=int) == [str(number) for number in range(60)]
    assert all((r.topic, r.partition) in mine for r in found[0])


async def test_who_leaves_hands_over_at_once(bench: Bench) -> None:
    topic = await bench.topic(partitions=4)
    first, second = await bench.join(topic), await bench.join(topic, log=await bench.open())
    await shared_evenly(first, second)
    await second.close()

    async def all_mine() -> bool:
        await first.fetch(limit=1, timeout=0.05)
        return len(await first.lag()) == 4

    await eventually(all_mine, seconds=5)


async def test_a_rebalance_in_the_middle_of_a_batch_loses_nothing(bench: Bench) -> None:
    topic = await bench.topic(partitions=4)
    await bench.log.append([record(topic, f"k{number}", str(number)) for number in range(40)])
    first = await bench.join(topic)
    batch = await read(first, 40)
    second = await bench.join(topic, log=await bench.open())
    taken_over = await read(second, 1, limit=1)
    with pytest.raises(NotOwner):
        await first.commit(ends(batch))
    again = await asyncio.gather(read(first, 40, seconds=3), read(second, 40, seconds=3))
    assert set(texts(taken_over + again[0] + again[1])) == {str(number) for number in range(40)}


async def test_a_stale_commit_does_not_move_the_new_owner(bench: Bench) -> None:
    topic = await bench.topic(partitions=1)
    await bench.log.append([record(topic, text=str(number)) for number in range(10)])
    first = await bench.join(topic)
    batch = await read(first, 10)
    await first.close()
    second = await bench.join(topic)
    await second.commit(ends(await read(second, 3, limit=3)))
    with pytest.raises(NotOwner):
        await first.commit(ends(batch))
    await second.close()
    assert texts(await read(await bench.join(topic), 7)) == [str(number) for number in range(3, 10)]


async def test_what_was_never_fetched_cannot_be_committed(bench: Bench) -> None:
    topic = await bench.topic(partitions=1)
    await bench.log.append([record(topic) for _ in range(10)])
    member = await bench.join(topic)
    await read(member, 2, limit=2)
    with pytest.raises(NotOwner):
        await member.commit({(topic, 0): 9})


async def test_after_kill_9_another_member_goes_on_where_it_committed(bench: Bench) -> None:
    topic = await bench.topic(partitions=2)
    await bench.log.append([record(topic, f"k{number % 7}", str(number)) for number in range(200)])
    done: list[str] = []
    async with reader(bench, topic) as process:
        assert process.stdout is not None
        while len(done) < 42:
            done.append((await process.stdout.readline()).decode().strip())
        process.send_signal(signal.SIGKILL)
        done += (await process.stdout.read()).decode().split()
        member = await bench.join(topic)
        rest = await read(member, 200 - len(done), seconds=30)
    assert set(done) | set(texts(rest)) == {str(number) for number in range(200)}
    assert len(rest) <= 200 - len(done) + 5, "more than the one batch that was not committed came again"


@asynccontextmanager
async def reader(bench: Bench, topic: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`tests.log.reader` as a child; surely dead at the end."""
    arguments = [bench.kind, bench.address, f"readers-{bench.mark}", topic]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.log.reader", *arguments, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_everything_is_read_while_members_come_and_go(bench: Bench) -> None:
    topic = await bench.topic(partitions=6)
    steady = await bench.join(topic)
    seen: set[str] = set()
    newest: dict[Place, int] = {}

    async def consume(member, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until and len(seen) < 300:
            records = await member.fetch(limit=20, timeout=0.1)
            seen.update(texts(records))
            try:
                await member.commit(ends(records))
                newest.update(ends(records))
            except NotOwner:
                continue

    async def come_and_go() -> None:
        for _ in range(2):
            guest = await bench.join(topic)
            await consume(guest, 1.0)
            await guest.close()

    async def write() -> None:
        for number in range(300):
            await bench.log.append([record(topic, f"k{number % 40}", str(number))])
            await asyncio.sleep(0.005)

    await asyncio.gather(write(), come_and_go(), consume(steady, 30))
    assert seen == {str(number) for number in range(300)}
