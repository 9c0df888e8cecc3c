"""Calls over real sockets, to servers that behave and to those that do not."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from ipaddress import ip_address
from typing import Any

import pytest
import trustme

from shared.outside.addresses import Doors, target_of
from shared.outside.calls import Answer, Caller, Patience
from tests.outside import receivers
from tests.outside.receivers import Behaviour, Receiver, answers, receiving

QUICK = Patience(connect=0.4, whole=0.8)
HERE = "127.0.0.0/8"


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    """May call this machine, and has little patience."""
    made = Caller(Doors(HERE), patience=QUICK)
    yield made
    await made.close()


async def call(caller: Caller, receiver: Receiver, path: str = "/hook") -> Answer:
    return await caller.post(target_of(f"http://127.0.0.1:{receiver.port}{path}"), b'{"a":1}', {"x-a": "b"})


async def test_a_call_arrives_whole_and_the_answer_comes_back(caller: Caller) -> None:
    async with receiving(answers(201, b"thanks", "x-so: yes", "set-cookie: a=b")) as receiver:
        answer = await call(caller, receiver, "/hook?a=b")
    [asked] = receiver.asked
    assert (asked.path, asked.body, asked.headers["x-a"]) == ("/hook?a=b", b'{"a":1}', "b")
    assert asked.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert (answer.status, answer.body, answer.headers["x-so"]) == (201, b"thanks", "yes")
    assert "set-cookie" not in answer.headers and answer.is_success


async def test_calls_one_after_another_share_a_connection(caller: Caller) -> None:
    async with receiving() as receiver:
        for _ in range(3):
            assert (await call(caller, receiver)).status == 204
        assert (receiver.connections, len(receiver.asked)) == (1, 3)


async def test_an_idle_connection_that_was_closed_meanwhile_costs_nothing(caller: Caller) -> None:
    async with receiving() as receiver:
        await call(caller, receiver)
        receiver.behaviour = _once_hung_up(receiver)
        assert (await call(caller, receiver)).status == 204
        assert receiver.connections == 2


def _once_hung_up(receiver: Receiver) -> Behaviour:
    async def behave(writer: asyncio.StreamWriter) -> None:
        receiver.behaviour = answers()
        await receivers.hangs_up(writer)

    return behave


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (receivers.never, "No answer within 0.8 seconds"), (receivers.hangs_up, "broke off"),
        (receivers.gabbles, "no HTTP"), (receivers.bombs, "no HTTP"),
    ],
)  # fmt: skip
async def test_who_does_not_answer_is_given_up_with_a_reason(caller: Caller, behaviour: Behaviour, says: str) -> None:
    async with receiving(behaviour) as receiver:
        answer = await call(caller, receiver)
    assert answer.status is None and says in answer.reason
    assert answer.milliseconds < 1500


@pytest.mark.parametrize("behaviour", [receivers.floods, receivers.drips])
async def test_a_body_without_end_is_cut_and_its_status_counts(behaviour: Behaviour, monkeypatch: Any) -> None:
    monkeypatch.setattr("shared.outside.calls.BODY_SECONDS", 0.3)
    caller = Caller(Doors(HERE), patience=Patience(1, 5))
    async with receiving(behaviour) as receiver:
        began = time.perf_counter()
        answer = await call(caller, receiver)
        assert time.perf_counter() - began < 1.5
    assert answer.status == 200 and 0 < len(answer.body) <= 2048
    await caller.close()


async def test_a_redirect_is_an_answer_and_is_not_followed(caller: Caller) -> None:
    async with receiving() as other, receiving(answers(302, b"", f"location: {other.url}")) as receiver:
        answer = await call(caller, receiver)
    assert (answer.status, answer.is_success, other.asked) == (302, False, [])


async def test_nobody_listens_is_said(caller: Caller) -> None:
    async with receiving() as receiver:
        pass
    assert "refused" in (await call(caller, receiver)).reason


async def test_a_proxy_of_the_environment_is_not_used(caller: Caller, monkeypatch: Any) -> None:
    async with receiving() as receiver, receiving() as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        assert (await call(caller, receiver)).status == 204
    assert proxy.asked == []


async def test_an_inner_address_is_never_connected_to() -> None:
    caller = Caller(Doors(), patience=QUICK)
    async with receiving() as receiver:
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"):
            answer = await caller.post(target_of(f"http://{host}:{receiver.port}/"), b"", {})
            assert answer.status is None and "not a public address" in answer.reason, host
    assert receiver.connections == 0
    await caller.close()


def changing(*rounds: Sequence[str]) -> Callable[[str, int], Any]:
    """A name server that answers otherwise each time."""
    left = list(rounds)

    async def resolve(_host: str, _port: int) -> list[Any]:
        return [ip_address(address) for address in left.pop(0)]

    return resolve


async def test_a_name_that_is_bound_anew_between_check_and_connection_gains_nothing() -> None:
    """The first look-up is checked and connected to; there is no second one that could say otherwise."""
    caller = Caller(Doors(), patience=QUICK, resolve=changing(["203.0.113.5", "127.0.0.1"]))
    async with receiving() as receiver:
        answer = await caller.post(target_of(f"http://hooks.example:{receiver.port}/"), b"", {})
    assert "not a public address" in answer.reason and receiver.connections == 0
    await caller.close()


async def test_one_look_up_a_connection_and_the_connection_goes_to_what_was_checked() -> None:
    caller = Caller(Doors(HERE), patience=QUICK, resolve=changing(["127.0.0.1"], ["10.0.0.1"]))
    async with receiving() as receiver:
        target = target_of(f"http://hooks.example:{receiver.port}/")
        assert (await caller.post(target, b"", {})).status == 204
        assert receiver.asked[0].headers["host"] == f"hooks.example:{receiver.port}"
        await caller._lines.close_old(0.0)
        assert "10.0.0.1" in (await caller.post(target, b"", {})).reason
    await caller.close()


async def test_tls_is_for_the_name_though_the_connection_goes_to_the_address() -> None:
    authority, server = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("hooks.example").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    resolve = changing(["127.0.0.1"], ["127.0.0.1"])
    caller = Caller(Doors(HERE), patience=QUICK, resolve=resolve, context=trusting)
    async with receiving(context=server) as receiver:
        right = await caller.post(target_of(f"https://hooks.example:{receiver.port}/"), b"", {})
        wrong = await caller.post(target_of(f"https://other.example:{receiver.port}/"), b"", {})
    assert right.status == 204 and receiver.sni[0] == "hooks.example"
    assert wrong.status is None and "could not be secured" in wrong.reason
    await caller.close()


async def test_a_name_server_that_hangs_is_given_up_in_time() -> None:
    async def hangs(_host: str, _port: int) -> list[Any]:
        await asyncio.sleep(3600)
        return []

    caller = Caller(Doors(HERE), patience=QUICK, resolve=hangs)
    answer = await caller.post(target_of("https://hooks.example/"), b"", {})
    assert answer.status is None and answer.milliseconds < 700
    await caller.close()
