"""A broker that says nothing any more, on a machine that hangs: whoever leaves it leaves nothing running behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.parts.kafka import Kafka
from deploy.parts.ports import free_port
from shared.log import LogAway, Subscription, Topic
from shared.log.kafka import KafkaLog
from tests.conftest import Backends
from tests.log.conftest import ends, read, record, texts

pytestmark = pytest.mark.backends
TOPIC = "silent.things"


class Broker(NamedTuple):
    """One of its own, which nobody else waits for."""

    address: str
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def broker(backends: Backends, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    backends.need("kafka")
    kafka, home, port = Kafka(), tmp_path_factory.mktemp("kafka"), free_port()
    kafka.install()
    command = kafka.command(kafka.prepare(home, port), port)
    address = kafka.address(home, port)
    with (home / "output").open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            _until_it_answers(kafka, address, home / "output")
            yield Broker(address, process)
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


def _until_it_answers(kafka: Kafka, address: str, output: Path) -> None:
    until = time.monotonic() + 90
    while not kafka.answers(address):
        assert time.monotonic() < until, output.read_text()[-2000:]
        time.sleep(0.2)


async def _read_on(member: Subscription) -> None:
    while True:
        with suppress(LogAway):
            await member.commit(ends(await member.fetch(limit=10, timeout=0.1)))


async def _write_on(log: KafkaLog) -> None:
    for number in range(1_000_000):
        with suppress(LogAway):
            await log.append([record(TOPIC, str(number))])
        await asyncio.sleep(0.01)


async def test_who_leaves_a_silent_broker_leaves_nothing_behind(broker: Broker) -> None:
    ours = asyncio.all_tasks()
    log = KafkaLog(broker.address)
    await log.start()
    await log.create_topics([Topic(TOPIC, 4, False, {})])
    member = await log.subscribe(group="readers", topics=[TOPIC])
    busy = [asyncio.create_task(_read_on(member)), asyncio.create_task(_write_on(log))]
    await asyncio.sleep(3)
    broker.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(0.5)  # what was on its way
    for task in busy:
        task.cancel()
    await asyncio.wait(busy, timeout=10)
    async with asyncio.timeout(60):
        await log.stop()
    left = asyncio.all_tasks() - ours
    assert not left, f"they go on: {[task.get_coro() for task in left]}"

    broker.process.send_signal(signal.SIGCONT)
    next_log = KafkaLog(broker.address)
    await next_log.start()
    await next_log.append([record(TOPIC, text="afterwards")])
    whoever_comes = await next_log.subscribe(group="readers", topics=[TOPIC])
    found: list[str] = []
    async with asyncio.timeout(30):
        while "afterwards" not in found:
            found += texts(await read(whoever_comes, 1, seconds=5))
    await next_log.stop()
