"""What every store keeps."""

from __future__ import annotations

import asyncio

import pytest

from shared.store import Store


async def test_a_value_is_given_back_byte_for_byte(store: Store, key: str) -> None:
    value = bytes(range(256)) + "é".encode()
    await store.set(key, value, 10)
    assert await store.get(key) == value


async def test_a_key_never_set_has_no_value(store: Store, key: str) -> None:
    assert await store.get(key) is None
    assert await store.seconds_left(key) is None
    await store.delete(key)


async def test_a_value_is_gone_after_its_time(store: Store, key: str) -> None:
    await store.set(key, b"x", 0.1)
    assert await store.get(key) == b"x"
    await asyncio.sleep(0.15)
    assert await store.get(key) is None
    assert await store.set_if_absent(key, b"y", 10)


async def test_a_value_set_again_lives_by_its_new_time(store: Store, key: str) -> None:
    await store.set(key, b"old", 0.1)
    await store.set(key, b"new", 10)
    await asyncio.sleep(0.15)
    assert await store.get(key) == b"new"
    assert 9 < (await store.seconds_left(key) or 0) <= 10


async def test_a_deleted_value_is_gone(store: Store, key: str) -> None:
    await store.set(key, b"x", 10)
    await store.delete(key)
    assert await store.get(key) is None


async def test_of_a_hundred_who_set_if_absent_one_does(store: Store, key: str) -> None:
    took = await asyncio.gather(*(store.set_if_absent(key, b"%d" % number, 10) for number in range(100)))
    assert took.count(True) == 1
    assert await store.get(key) == b"%d" % took.index(True)


async def test_a_hundred_counts_at_once_are_each_given_once(store: Store, key: str) -> None:
    counts = await asyncio.gather(*(store.increment(key, 10) for _ in range(100)))
    assert sorted(counts) == list(range(1, 101))
    assert await store.get(key) == b"100"


async def test_only_the_first_count_sets_the_time_to_live(store: Store, key: str) -> None:
    await store.increment(key, 0.2)
    assert await store.increment(key, 100) == 2
    assert (await store.seconds_left(key) or 0) <= 0.2
    await asyncio.sleep(0.25)
    assert await store.increment(key, 10) == 1


@pytest.mark.parametrize("ttl", [0, -1])
async def test_a_value_without_an_end_is_refused(store: Store, key: str, ttl: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        await store.set(key, b"x", ttl)
    with pytest.raises(ValueError, match="above 0"):
        await store.increment(key, ttl)


async def test_a_set_holds_each_member_once_until_it_is_taken_out(store: Store, key: str) -> None:
    await asyncio.gather(*(store.add(key, f"m{number % 50}", 10) for number in range(100)))
    assert sorted(await store.members(key)) == sorted(f"m{number}" for number in range(50))
    await store.discard(key, "m7")
    await store.discard(key, "not there")
    assert "m7" not in await store.members(key) and len(await store.members(key)) == 49
    await store.delete(key)
    assert await store.members(key) == []


async def test_a_set_lives_from_its_last_member(store: Store, key: str) -> None:
    await store.add(key, "old", 0.1)
    await store.add(key, "new", 10)
    await asyncio.sleep(0.15)
    assert sorted(await store.members(key)) == ["new", "old"]
    await store.add(key, "newest", 0.1)
    await asyncio.sleep(0.15)
    assert await store.members(key) == []
