"""What every broadcast keeps."""

from __future__ import annotations

import asyncio

import pytest

from shared.broadcast import Heard, Missed
from tests.broadcast.conftest import LIMIT, Pair, nothing_comes, take


async def test_what_is_published_is_heard_in_order(pair: Pair) -> None:
    async with pair.there.subscribe(pair.channel) as listener:
        for number in range(LIMIT):
            await pair.here.publish(pair.channel, b"%d" % number)
        heard = await take(listener, LIMIT)
    assert heard == [Heard(pair.channel, b"%d" % number) for number in range(LIMIT)]


async def test_a_payload_of_any_bytes_comes_unaltered(pair: Pair) -> None:
    payload = bytes(range(256)) * 100 + b"\r\n"
    async with pair.there.subscribe(pair.channel) as listener:
        await pair.here.publish(pair.channel, payload)
        assert await take(listener, 1) == [Heard(pair.channel, payload)]


async def test_only_the_channels_subscribed_are_heard(pair: Pair) -> None:
    first, second, other = (f"{pair.channel}-{name}" for name in ("first", "second", "other"))
    async with pair.there.subscribe(first, second) as listener:
        for channel in (other, second, first):
            await pair.here.publish(channel, b"x")
        assert await take(listener, 2) == [Heard(second, b"x"), Heard(first, b"x")]
        assert await nothing_comes(listener)


async def test_each_listener_hears_everything(pair: Pair) -> None:
    async with pair.there.subscribe(pair.channel) as one, pair.here.subscribe(pair.channel) as two:
        await pair.here.publish(pair.channel, b"x")
        assert await take(one, 1) == await take(two, 1) == [Heard(pair.channel, b"x")]


async def test_one_who_leaves_takes_nothing_from_one_who_stays(pair: Pair) -> None:
    async with pair.there.subscribe(pair.channel) as stays:
        async with pair.there.subscribe(pair.channel):
            pass
        await pair.here.publish(pair.channel, b"x")
        assert await take(stays, 1) == [Heard(pair.channel, b"x")]


async def test_a_channel_left_and_joined_again_is_heard(pair: Pair) -> None:
    for number in range(3):
        async with pair.there.subscribe(pair.channel) as listener:
            await pair.here.publish(pair.channel, b"%d" % number)
            assert await take(listener, 1) == [Heard(pair.channel, b"%d" % number)]


async def test_what_was_published_before_is_not_heard(pair: Pair) -> None:
    async with pair.here.subscribe(pair.channel) as witness:
        await pair.here.publish(pair.channel, b"early")
        await take(witness, 1)
    async with pair.there.subscribe(pair.channel) as listener:
        assert await nothing_comes(listener)


async def test_a_listener_too_slow_is_told_missed_once_and_goes_on(pair: Pair) -> None:
    async with pair.there.subscribe(pair.channel) as listener:
        for number in range(LIMIT + 1):
            await pair.here.publish(pair.channel, b"%d" % number)
        await asyncio.sleep(0.2)
        await pair.here.publish(pair.channel, b"after")
        assert await take(listener, 2) == [Missed(), Heard(pair.channel, b"after")]
        assert await nothing_comes(listener)


async def test_a_waiting_reader_ends_when_the_listener_is_closed(pair: Pair) -> None:
    listener = await pair.there.subscribe(pair.channel).__aenter__()
    reading = asyncio.create_task(take(listener, 1))
    await asyncio.sleep(0.01)
    await listener.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(listener)
    assert isinstance((await asyncio.gather(reading, return_exceptions=True))[0], Exception)


async def test_stopping_the_broadcast_ends_its_listeners(pair: Pair) -> None:
    async with pair.there.subscribe(pair.channel) as listener:
        await pair.there.stop()
        assert [message async for message in listener] == []


async def test_what_was_published_just_before_the_stop_is_sent(pair: Pair) -> None:
    async with pair.there.subscribe(pair.channel) as listener:
        await pair.here.publish(pair.channel, b"last")
        if pair.here is not pair.there:
            await pair.here.stop()
        assert await take(listener, 1) == [Heard(pair.channel, b"last")]
