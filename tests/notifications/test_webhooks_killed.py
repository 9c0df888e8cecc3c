"""A sender of webhooks that is killed in the middle loses no message; two of them share the work."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from shared.config import Settings
from shared.service import Service
from tests.notifications.conftest import NoMail, own_database, town_of
from tests.notifications.webhooks import HERE, arrived, subscribe
from tests.outside.receivers import Receiver, answers_late, receiving

ROOT = Path(__file__).parents[2]
HOOKS, NETWORKS, NEWS = 6, 8, 5
ALL = HOOKS * NETWORKS * NEWS


async def ordered(settings: Settings, mine: Service, receiver: Receiver) -> None:
    """HOOKS webhooks with NETWORKS * NEWS messages each that wait, while no sender ran."""
    async with town_of(settings, replace(mine, workers=[]), NoMail()) as town:
        networks = [await town.network(f"n{number}") for number in range(NETWORKS)]
        for number in range(HOOKS):
            await subscribe(town, receiver, name=f"hook {number}", url=f"{receiver.url}/{number}")
        news = [town.news(f"News {i} of {n}", topic="toy.things", networks=[n]) for i in range(NEWS) for n in networks]
        await town.append(*news)


@asynccontextmanager
async def sender(settings: Settings, mine: Service) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service in a process of its own."""
    given = {"data": str(settings.data), "secret": settings.secret, "postgres": settings.postgres}
    given |= {"smtp": "smtp://127.0.0.1:9", "webhook_allow": HERE}
    spoken = json.dumps({"settings": given, "connections": 1})
    words = (sys.executable, "-m", "tests.notifications.sending", mine.name, spoken)
    process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def taken(receiver: Receiver) -> Counter[tuple[str, str]]:
    """(address, webhook-id) → how often."""
    return Counter((asked.path, asked.headers["webhook-id"]) for asked in receiver.asked)


async def until_all(receiver: Receiver) -> Counter[tuple[str, str]]:
    """Once everything has arrived, and a little later."""
    async with asyncio.timeout(60):
        while len(taken(receiver)) < ALL:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    return taken(receiver)


async def test_killed_sender_loses_nothing_and_repeats_at_most_what_was_on_its_way(settings: Settings) -> None:
    open_ = settings.model_copy(update={"webhook_allow": HERE})
    async with own_database(open_) as mine, receiving(answers_late(0.02)) as receiver:
        await ordered(open_, mine, receiver)
        async with sender(open_, mine) as process:
            await arrived(receiver, ALL // 3, 40)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        assert len(taken(receiver)) < ALL
        async with sender(open_, mine):
            counts = await until_all(receiver)
    repeated = [which for which, times in counts.items() if times > 1]
    assert len(counts) == ALL and max(counts.values()) <= 2
    assert len(repeated) <= HOOKS * 5 * 2  # calls at once, and those whose mark was being committed


async def test_sender_told_to_stop_repeats_nothing(settings: Settings) -> None:
    open_ = settings.model_copy(update={"webhook_allow": HERE})
    async with own_database(open_) as mine, receiving(answers_late(0.02)) as receiver:
        await ordered(open_, mine, receiver)
        async with sender(open_, mine) as process:
            await arrived(receiver, ALL // 3, 40)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0
        assert len(taken(receiver)) < ALL
        async with sender(open_, mine):
            counts = await until_all(receiver)
    assert len(counts) == ALL and set(counts.values()) == {1}


async def test_two_senders_share_the_endpoints_and_send_each_message_once(settings: Settings) -> None:
    open_ = settings.model_copy(update={"webhook_allow": HERE})
    async with own_database(open_) as mine, receiving(answers_late(0.01)) as receiver:
        await ordered(open_, mine, receiver)
        async with sender(open_, mine), sender(open_, mine):
            counts = await until_all(receiver)
    assert len(counts) == ALL and set(counts.values()) == {1}
