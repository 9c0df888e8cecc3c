"""Somebody does all that there is to do, and is erased: no database, no mail and no topic has the name or the address.

What stays is what they did, under "A former member".
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import redis.asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.log.sqlite import compaction
from tests.flows.system import PASSWORD, SERVICES, System, wait_until_settled
from tests.flows.test_change import network_of
from tests.flows.test_second_factor import visitor, with_password
from tests.outside.receivers import Receiver, answers, receiving

NAME, ADDRESS, OTHER = "Zebulon Quillfeatherstone", "zebulon.quill@tidings.example", "quill.elsewhere@people.example"
TRACES = ("quillfeather", "zebulon.quill", "quill.elsewhere")
"""What nothing may hold afterwards, in small letters."""
ELSEWHERE = {("mailbox.db", TRACES[0])}
"""What others were mailed is theirs, as it would be on a mail server; the address stands in none of it."""


@dataclass
class Talker:
    """A receiver of webhooks, and what it answers them with."""

    running: Receiver
    answer: bytes = NAME.encode()


@pytest.fixture
async def talker() -> AsyncIterator[Talker]:
    """One that answers with the name of whom it was told."""
    async with receiving() as running:
        made = Talker(running)

        async def behave(writer: asyncio.StreamWriter) -> None:
            await answers(200, made.answer)(writer)

        running.behaviour = behave
        yield made


@dataclass
class Doing:
    """Somebody who does things, each with a key that would let it be repeated."""

    client: httpx.AsyncClient

    async def ask(self, method: str, path: str, body: Any = None, *, may_be: tuple[int, ...] = ()) -> Any:
        """What is answered."""
        headers = {"idempotency-key": uuid4().hex} if method != "GET" else {}
        answer = await self.client.request(method, path, json=body, headers=headers)
        assert answer.is_success or answer.status_code in may_be, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None


async def invited(system: System, staff: Doing) -> str:
    """The person's id: invited by mail, known by name, of the staff and an officer."""
    await staff.ask("POST", "/invitations", {"email": ADDRESS, "name": NAME})
    await staff.ask("POST", "/newsletter/sign-ups", {"email": ADDRESS, "name": NAME})
    made = await staff.ask("POST", "/people", {"name": NAME, "email": ADDRESS, "is_staff": True, "bodies": ["Q31"]})
    await staff.ask("POST", f"/people/{made['id']}/password", {"password": PASSWORD})
    await staff.ask("POST", "/password-resets", {"email": ADDRESS})
    with visitor(system) as browser:
        with_password(browser, ADDRESS.partition("@")[0])
        assert NAME in browser.get("/account").text
    return str(made["id"])


async def does_everything(quill: Doing, person_id: str, network: dict[str, Any], url: str) -> None:
    """One of each thing that leaves a row somewhere."""
    here = f"/networks/{network['id']}"
    await quill.ask("PATCH", f"/people/{person_id}", {"professions": ["Nurse"], "reason": "Mine"})
    await quill.ask("POST", "/me/email-change", {"email": OTHER, "present": PASSWORD})
    await quill.ask("POST", "/me/second-factor", {"password": PASSWORD})
    await quill.ask("POST", "/tokens", {"name": "A program", "scopes": ["alerts:read"], "days": 1})
    await quill.ask("POST", f"{here}/roles", {"person_id": person_id, "role": "co_ordinator", "replace": False})
    await quill.ask("POST", f"{here}/follow", {})
    await quill.ask("PATCH", "/preferences", {"kinds": {"news": "mail", "governance": "mail"}})
    await quill.ask("POST", "/searches", {"name": "Mine", "q": "stroke"})
    await quill.ask("POST", "/subscriptions", {"name": "My program", "url": url, "form": "full"})
    await quill.ask("PATCH", here, {"aims": f"Aims of {uuid4().hex}", "reason": "As agreed"})
    await quill.ask(
        "POST", f"{here}/evidence", {"kind": "audit", "title": "Audit", "dated": "2026-01-01"}, may_be=(422,)
    )
    change = await quill.ask("POST", f"{here}/service-changes", {
        "title": "A ward moves", "description": "It does.", "from_on": "2099-01-01",
    })  # fmt: skip
    await quill.ask("POST", f"/service-changes/{change['id']}/withdraw", {"reason": "Not yet"})
    event = await quill.ask("POST", "/events", {
        "title": "A meeting", "kind": "meeting", "networks": [network["id"]], "access": "open",
        "starts_at": "2099-03-12T14:00:00Z", "ends_at": "2099-03-12T16:00:00Z", "place": "Room 1",
    })  # fmt: skip
    await quill.ask("POST", f"/events/{event['id']}/bookings", {})
    await oversees(quill, person_id)
    issue = (await quill.ask("GET", "/newsletter/issues"))["items"][0]["id"]
    await quill.ask("POST", f"/newsletter/issues/{issue}/test", {}, may_be=(409, 422))
    read = (await quill.ask("GET", "/alerts"))["items"][:1]
    await quill.ask("POST", "/alerts/read", {"ids": [one["message_id"] for one in read]}, may_be=(422,))
    await quill.ask("POST", "/invitations", {"email": f"{uuid4().hex[:8]}@people.example", "name": "Another"})


async def oversees(quill: Doing, person_id: str) -> None:
    """What an officer does with a line of the feed."""
    line = (await quill.ask("GET", "/oversight/Q31/feed"))["items"][0]
    there = f"/oversight/Q31/feed/{line['message_id']}"
    await quill.ask("POST", f"{there}/acknowledge", {})
    await quill.ask("POST", f"{there}/assign", {"person_id": person_id})
    await quill.ask("POST", f"{there}/comments", {"text": "I look after it."})


async def test_who_is_erased_is_nowhere_however_much_they_did(system: System, talker: Talker) -> None:
    network = await network_of(system, "member")
    async with system.as_("staff") as client, system.as_("member") as member:
        staff = Doing(client)
        hook = await staff.ask(
            "POST", "/subscriptions", {"name": "Of staff", "url": talker.running.url, "form": "full"}
        )
        person_id = await invited(system, staff)
        async with system.as_(ADDRESS.partition("@")[0]) as own:
            await does_everything(Doing(own), person_id, network, talker.running.url)
            await asyncio.to_thread(wait_until_settled, system)
            assert await found_in(system, TRACES[0]), "there is something to forget"
            talker.answer = b""  # what it says of its own accord later is not ours to forget
            assert (await own.delete(f"/people/{person_id}")).status_code == 204
            assert (await own.get("/me")).status_code in (401, 404)
        await asyncio.to_thread(wait_until_settled, system)
        await until_nothing(system)
        names = [alert["headline"] for alert in (await member.get("/alerts", params={"limit": 50})).json()["items"]]
        assert any("A former member" in name for name in names) and not any("Quill" in name for name in names)
        await staff.ask("DELETE", f"/subscriptions/{hook['id']}")


async def until_nothing(system: System, seconds: float = 20) -> None:
    """Wait until nothing is found; fails with where it was found."""
    deadline = time.monotonic() + seconds
    while found := [place for trace in TRACES for place in await found_in(system, trace)]:
        assert time.monotonic() < deadline, "\n".join(found)
        await asyncio.sleep(0.5)


async def found_in(system: System, trace: str) -> list[str]:
    """Where *trace* stands: files, tables, topics and the store."""
    found = in_files(system, trace)
    if system.scaled:
        found += await in_databases(system, trace) + await in_topics(system, trace) + await in_store(system, trace)
    return found


def in_files(system: System, trace: str) -> list[str]:
    """SQLite's files as bytes, once what waits in their write-ahead logs is written; the log is compacted first."""
    found = []
    for path in sorted((system.folder / "data").rglob("*.db")):
        if path.name == "log.db":
            compaction.compact(path, time.time())
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole = path.read_bytes().lower()
        if trace.encode() in whole and (path.name, trace) not in ELSEWHERE:
            found.append(f"{path.name}: {whole[max(0, (at := whole.index(trace.encode())) - 150) : at + 60]!r}")
    return found


async def in_databases(system: System, trace: str) -> list[str]:
    """Every table of every service, each row as text; bytes in it are read, too."""
    found = []
    for name in SERVICES:
        connection = await asyncpg.connect(f"{system.env['TIDINGS_POSTGRES']}/tidings_{name}")
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found += [f"{name}.{table}" for (table,) in tables if await _rows_with(connection, table, trace)]
        await connection.close()
    return found


async def _rows_with(connection: asyncpg.Connection, table: str, trace: str) -> int:
    sql = f'SELECT count(*) FROM "{table}" AS t WHERE lower(t::text) LIKE $1 OR t::text LIKE $2'
    in_bytes = trace[1:].encode().hex()  # without the letter that may be a capital one
    return int(await connection.fetchval(sql, f"%{trace}%", f"%{in_bytes}%"))


async def in_topics(system: System, trace: str) -> list[str]:
    """Every record that a compacted topic keeps, the newest of each key, and all of the others."""
    consumer = AIOKafkaConsumer(bootstrap_servers=system.env["TIDINGS_KAFKA"], enable_auto_commit=False)
    await consumer.start()
    try:
        kept: dict[Any, bytes] = {}
        places = await _places(system)
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning()
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                kept |= {_place(place, r): (r.value or b"") + repr(r.headers).encode() for r in records}
    finally:
        await consumer.stop()
    return [f"{key}" for key, content in kept.items() if trace.encode() in content.lower()]


async def _places(system: System) -> list[TopicPartition]:
    """Every partition of every topic of ours."""
    admin = AIOKafkaAdminClient(bootstrap_servers=system.env["TIDINGS_KAFKA"])
    await admin.start()
    try:
        topics = [topic for topic in await admin.list_topics() if "." in topic]
        found = await admin.describe_topics(topics)
    finally:
        await admin.close()
    return [TopicPartition(each["topic"], one["partition"]) for each in found for one in each["partitions"]]


def _place(place: TopicPartition, record: Any) -> Any:
    return (place.topic, record.key) if place.topic == "membership.people" else (place, record.offset)


async def in_store(system: System, trace: str) -> list[str]:
    """Every value in Redis."""
    store = redis.asyncio.from_url(system.env["TIDINGS_REDIS"])
    strings = [key async for key in store.scan_iter(_type="string")]
    found = [key.decode() for key in strings if trace.encode() in (await store.get(key) or b"").lower()]
    await store.aclose()
    return found
