"""The store in this process stays small, and brings in nothing that it does not use."""

from __future__ import annotations

import subprocess
import sys

from shared.store.memory import LocalStore


async def test_a_full_store_drops_what_was_used_least_recently() -> None:
    store = LocalStore(most_keys=3)
    for key in "abc":
        await store.set(key, b"x", 10)
    await store.get("a")
    await store.set("d", b"x", 10)
    assert [key for key in "abcd" if await store.get(key)] == ["a", "c", "d"]


async def test_expired_values_leave_memory_and_spare_the_living() -> None:
    now = 0.0
    store = LocalStore(most_keys=100, now=lambda: now)
    await store.set("session", b"x", 1000)
    for number in range(99):
        await store.set(f"short {number}", b"x", 1)
    now = 2.0
    await store.set("new", b"x", 10)
    assert len(store._kept) == 2 and await store.get("session") == b"x"


async def test_a_value_written_a_million_times_costs_the_memory_of_a_few() -> None:
    store = LocalStore()
    for _ in range(20_000):
        await store.set("touched", b"x", 28_800)
    assert len(store._ends) < 2000


def test_the_embedded_parts_import_neither_redis_nor_smtp() -> None:
    program = """
import sys
from shared.config import Settings
from shared.broadcast import open_broadcast
from shared.mailer import open_mailer
from shared.store import open_store
settings = Settings(redis="", smtp="")
open_broadcast(settings), open_store(settings), open_mailer(settings)
print(sorted({"redis", "aiosmtplib"} & set(sys.modules)))
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
