"""A log that cannot be reached says so, in a sentence, and soon."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from shared.config import Settings
from shared.log import LogAway, open_log
from shared.log.kafka import KafkaLog
from shared.log.sqlite import SqliteLog


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_kafka_on_a_closed_port_is_away() -> None:
    log = KafkaLog(f"127.0.0.1:{closed_port()}")
    async with asyncio.timeout(15):
        with pytest.raises(LogAway, match=r"Kafka at 127\.0\.0\.1:\d+ does not answer: no broker"):
            await log.start()
        with pytest.raises(LogAway):
            await log.topics()
        await log.stop()


async def test_a_folder_that_cannot_be_made_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LogAway, match="cannot be made"):
        await SqliteLog(tmp_path / "file" / "log.sqlite").start()


async def test_a_file_that_is_no_log_is_away(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(LogAway, match=r"log\.sqlite cannot be used: file is not a database"):
        await SqliteLog(tmp_path / "log.sqlite").start()


async def test_a_log_that_was_stopped_is_away(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite")
    await log.start()
    await log.stop()
    with pytest.raises(LogAway, match="not open"):
        await log.topics()


async def test_settings_choose_the_log(tmp_path: Path) -> None:
    assert isinstance(open_log(Settings(data=tmp_path, kafka="")), SqliteLog)
    assert isinstance(open_log(Settings(data=tmp_path, kafka="127.0.0.1:9")), KafkaLog)
