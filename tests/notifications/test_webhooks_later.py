"""Receivers that never answer cost those that do nothing: their messages are ordered afterwards, and none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from services.notifications.delivery.webhooks import later
from services.notifications.delivery.webhooks.sender import LANES
from services.notifications.tables import (
    subscription_keys,
    subscriptions,
    webhook_deliveries,
    webhook_endpoints,
    webhooks_to_order,
)
from shared.config import Settings
from tests.notifications.conftest import NoMail, Town, own_database, town_of
from tests.notifications.webhooks import HERE, arrived, calling_town, settled, subscribe
from tests.outside import receivers
from tests.outside.receivers import receiving

DEAD = 5


@pytest.fixture
async def quiet(settings: Settings) -> AsyncIterator[Town]:
    """A town in which nothing is sent, and nothing ordered later, but by the test."""
    open_ = settings.model_copy(update={"webhook_allow": HERE})
    async with own_database(open_) as mine, town_of(open_, replace(mine, workers=[]), NoMail()) as town:
        await town.network("stroke")
        yield town


async def hooks(town: Town, count: int, *, pace: str) -> list[str]:
    """The ids of so many webhooks, whose receivers have shown this pace."""
    ids = []
    for number in range(count):
        body = {"name": f"{pace} {number}", "url": f"http://127.0.0.1:9/{pace}/{number}", "form": "signal"}
        ids.append((await town.post("/subscriptions", **body))["id"])
    await show(town, ids, pace)
    return ids


async def show(town: Town, ids: list[str], pace: str) -> None:
    these = webhook_endpoints.c.subscription_id.in_(ids)
    async with town.parts.database.transaction() as session:
        await session.execute(update(webhook_endpoints).where(these).values(pace=pace))


async def ordered_for(town: Town) -> Counter[str]:
    """Subscription → messages that are ordered for it."""
    async with town.parts.database.reading() as session:
        return Counter((await session.execute(select(webhook_deliveries.c.subscription_id))).scalars())


async def order_all(town: Town) -> int:
    """Order what was left for later; returns in how many turns."""
    for turn in range(100):
        async with town.parts.database.transaction() as session:
            if (await session.execute(select(webhooks_to_order))).first() is None:
                return turn
            await later.order_some(session)
    raise AssertionError("there is no end to it")


class Killed(BaseException):
    """The process ends here."""


async def a_turn_that_is_killed(town: Town) -> None:
    with suppress(Killed):
        async with town.parts.database.transaction() as session:
            await later.order_some(session)
            raise Killed


async def test_telling_writes_for_receivers_that_answer_alone_and_the_others_follow(quiet: Town) -> None:
    prompt, dead = await hooks(quiet, 2, pace="quick"), await hooks(quiet, DEAD, pace="slow")
    await quiet.tell("News", networks=["stroke"])
    assert await ordered_for(quiet) == Counter(prompt)
    await order_all(quiet)
    assert await ordered_for(quiet) == Counter([*prompt, *dead])


async def test_where_every_receiver_answers_nothing_is_left_for_later(quiet: Town) -> None:
    await hooks(quiet, 2, pace="quick")
    await hooks(quiet, 1, pace="new")
    await quiet.tell("News", networks=["stroke"])
    assert len(await ordered_for(quiet)) == 3 and await order_all(quiet) == 0


async def test_turns_that_are_broken_off_lose_nothing_and_order_nothing_twice(
    quiet: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later, "SUBSCRIPTIONS_A_TURN", 2)
    dead = await hooks(quiet, DEAD, pace="slow")
    await quiet.tell("First", networks=["stroke"])
    await a_turn_that_is_killed(quiet)
    async with quiet.parts.database.transaction() as session:
        await later.order_some(session)
    await quiet.tell("Second", networks=["stroke"])
    assert await order_all(quiet) > 3
    assert await ordered_for(quiet) == Counter(dict.fromkeys(dead, 2))


async def test_receiver_that_answers_again_meanwhile_gets_its_message_once(quiet: Town) -> None:
    [dead] = await hooks(quiet, 1, pace="slow")
    await quiet.tell("Before", networks=["stroke"])
    await show(quiet, [dead], "quick")
    await quiet.tell("After", networks=["stroke"])
    await order_all(quiet)
    assert await ordered_for(quiet) == Counter({dead: 2})


async def test_subscription_is_asked_as_it_would_have_been_with_the_change(quiet: Town) -> None:
    stays, goes, was_off = await hooks(quiet, 3, pace="slow")
    await quiet.post(f"/subscriptions/{was_off}/disable")
    await quiet.tell("News", networks=["stroke"])
    await quiet.post(f"/subscriptions/{goes}/disable")
    await hooks(quiet, 1, pace="slow")
    await order_all(quiet)
    assert await ordered_for(quiet) == Counter([stays, goes])


async def test_healthy_receiver_waits_for_none_of_those_that_hang(settings: Settings) -> None:
    many = LANES["slow"] + 20
    async with calling_town(settings) as town, receiving(receivers.never) as bad, receiving() as good:
        await town.network("stroke")
        healthy = await subscribe(town, good, name="good")
        await town.tell("Warm", networks=["stroke"])
        await settled(town, healthy, "delivered")
        await _copies(town, await subscribe(town, bad, name="bad"), many)
        await town.tell("Hang", networks=["stroke"])
        await arrived(bad, LANES["slow"])
        for number in range(5):
            await town.tell(f"News {number}", networks=["stroke"])
        await arrived(good, 7)
        assert bad.at_once == len(bad.asked) >= LANES["slow"]  # not one of the calls that hang has ended


async def _copies(town: Town, hook: dict[str, Any], count: int) -> None:
    """So many webhooks like *hook*, more than one owner may have by the front door, all known to be slow."""
    async with town.parts.database.transaction() as session:
        for table, key in ((subscriptions, "id"), (webhook_endpoints, "subscription_id")):
            like = (await session.execute(select(table).where(table.c[key] == hook["id"]))).mappings().one()
            await session.execute(table.insert(), [{**like, key: f"bad-{number}"} for number in range(count)])
        keys = [{"key": "everything", "subscription_id": f"bad-{number}"} for number in range(count)]
        await session.execute(subscription_keys.insert(), keys)
    await show(town, [f"bad-{number}" for number in range(count)], "slow")
