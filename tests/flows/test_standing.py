"""Who loses what a page left open needs hears no more of it, within a second and however they signed in."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx

from tests.flows.people import newcomer
from tests.flows.system import System
from tests.flows.test_change import network_of
from tests.flows.test_second_factor import visitor, with_password

SOON = 1.0


@asynccontextmanager
async def opened(system: System, path: str, **headers: str) -> AsyncIterator[httpx.Response]:
    """A live stream that has begun."""
    async with (
        httpx.AsyncClient(base_url=system.url, timeout=20) as client,
        client.stream("GET", path, headers={"accept": "text/event-stream", **headers}) as response,
    ):
        assert response.status_code == 200, await response.aread()
        yield response


def by_token(system: System, account: str) -> dict[str, str]:
    """The headers of a program."""
    return {"authorization": f"Bearer {system.token(account)}"}


def by_session(system: System, account: str) -> dict[str, str]:
    """The headers of a browser that signed in."""
    with visitor(system) as browser:
        with_password(browser, account)
        return {"cookie": f"tidings={browser.cookies['tidings']}"}


async def over(response: httpx.Response) -> float:
    """Read a stream to its end; the moment of that."""
    with contextlib.suppress(httpx.RemoteProtocolError, httpx.ReadError):
        async for _ in response.aiter_raw():
            pass
    return time.monotonic()


async def change(system: System, person_id: str, **standing: Any) -> float:
    """Let staff say what somebody may do from now on; the moment in which that was answered."""
    async with system.as_("staff") as staff:
        answer = await staff.patch(f"/people/{person_id}", json=standing)
        assert answer.status_code == 200, answer.text
    return time.monotonic()


async def statuses(system: System, streams: list[tuple[str, dict[str, str]]]) -> list[int]:
    """What is answered to whoever comes again."""
    found = []
    async with httpx.AsyncClient(base_url=system.url, timeout=20) as client:
        for path, headers in streams:
            headers = {"accept": "text/event-stream", **headers}
            async with client.stream("GET", path, headers=headers) as response:
                found.append(response.status_code)
    return found


async def ends_in_time(system: System, streams: list[tuple[str, dict[str, str]]], person_id: str, **then: Any) -> None:
    """Open *streams*, change the person, and see each end within a second."""
    async with AsyncExitStack() as stack:
        open_ones = [await stack.enter_async_context(opened(system, path, **headers)) for path, headers in streams]
        ends = [asyncio.create_task(over(response)) for response in open_ones]
        await asyncio.sleep(0.2)
        assert not any(end.done() for end in ends)
        lost = await change(system, person_id, **then)
        async with asyncio.timeout(10):
            moments = await asyncio.gather(*ends)
    assert max(moments) - lost < SOON, f"after {max(moments) - lost:.2f} s"


async def test_an_officer_who_loses_the_body_hears_its_feed_no_more(system: System) -> None:
    account, person_id = newcomer(system, bodies=["Q36"])
    streams = [
        ("/api/oversight/Q36/feed/stream", by_token(system, account)), ("/live/feed/Q36", by_session(system, account)),
    ]  # fmt: skip
    await ends_in_time(system, streams, person_id, bodies=["Q35"])
    assert await statuses(system, streams) == [403, 403]


async def test_who_is_staff_no_more_hears_neither_a_feed_nor_the_desk(system: System) -> None:
    account, person_id = newcomer(system, is_staff=True)
    async with system.as_("staff") as staff:
        issue = (await staff.get("/newsletter/issues")).json()["items"][0]["id"]
    session = by_session(system, account)
    streams = [
        ("/live/feed/Q36", session), ("/live/feed/national", session), (f"/live/newsletter/{issue}/desk", session),
        ("/api/oversight/Q36/feed/stream", by_token(system, account)),
    ]  # fmt: skip
    await ends_in_time(system, streams, person_id, is_staff=False)
    assert await statuses(system, streams) == [403] * 4


async def test_who_was_staff_hears_as_a_program_what_is_public_alone(system: System) -> None:
    account, person_id = newcomer(system, is_staff=True)
    _, joining = newcomer(system)
    await ends_in_time(system, [("/api/changes/stream", by_token(system, account))], person_id, is_staff=False)
    network = await network_of(system, "member")
    async with (
        system.as_("staff") as staff, system.stream("/changes/stream", account) as own,
        system.stream("/changes/stream", "staff") as whole,
    ):  # fmt: skip
        role = {"person_id": joining, "role": "member"}
        joined = await staff.post(f"/networks/{network['id']}/roles", json=role)  # concerns the leads alone
        assert joined.status_code == 201, joined.text
        await whole.until(lambda item: "joined" in item.get("headline", ""), 20)
        changed = await staff.patch(f"/networks/{network['id']}", json={"aims": f"Aims {uuid4().hex}."})
        assert changed.status_code == 200, changed.text
        await own.until(lambda item: item.get("network_id") == network["id"], 20)
        assert not any("joined" in item.get("headline", "") for _, item in own.events)


async def test_who_is_taken_out_of_a_network_hears_what_concerns_it_no_more(system: System) -> None:
    account, person_id = newcomer(system)
    network = await network_of(system, "member")
    async with system.as_("staff") as staff:
        role = {"person_id": person_id, "role": "patient_representative"}
        role_id = (await staff.post(f"/networks/{network['id']}/roles", json=role)).json()["id"]

        async def say(headline: str) -> None:
            answer = await staff.patch(f"/networks/{network['id']}", json={"aims": headline, "reason": headline})
            assert answer.status_code == 200, answer.text

        async with (
            system.stream("/alerts/stream", account) as mine, system.stream("/alerts/stream", "member") as another,
        ):  # fmt: skip
            before, after = f"Before {uuid4().hex}", f"After {uuid4().hex}"
            await until_heard(mine, say, before)
            ended = await staff.post(f"/networks/{network['id']}/roles/{role_id}/end", json={})
            assert ended.status_code in (200, 204), ended.text
            await asyncio.sleep(SOON)
            count = len(mine.events)
            await until_heard(another, say, after)
            await asyncio.sleep(0.5)
            told = [data.get("headline") for _, data in mine.events[count:]]
    assert told == []


async def until_heard(stream: Any, say: Any, text: str) -> None:
    """Say something and wait until a stream brings one event more."""
    count = len(stream.events)
    await say(text)
    async with asyncio.timeout(20):
        while len(stream.events) == count:
            await asyncio.sleep(0.01)
