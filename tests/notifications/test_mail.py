"""Mail: every reader's own copy, one click to stop it, and an honest account of what became of it."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.notifications.delivery import hot, rows
from shared.config import Settings
from shared.mailer.mailbox import LocalMailbox
from shared.mailer.smtp import SmtpMailer
from tests.notifications.conftest import STAFF, Town, eventually, own_database, town_of
from tests.notifications.mail import Sink, serving


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with serving(Sink()) as running_sink:
        yield running_sink


@pytest.fixture
async def posting(settings: Settings, sink: Sink) -> AsyncIterator[Town]:
    """A town whose mail goes to the sink."""
    mailer = SmtpMailer(f"smtp://127.0.0.1:{sink.port}", connections=4)
    async with own_database(settings) as mine, town_of(settings, mine, mailer) as running_town:
        yield running_town


async def readers(town: Town, *people: str) -> None:
    """People who take the newsletter, each a member of the network of their name."""
    for person in people:
        await town.network(f"net-{person}", f"Network of {person.title()}")
        await town.role(await town.person(person, name=f"{person.title()} Åsh"), f"net-{person}")
        await town.post("/preferences", person, "PATCH", newsletter=True)
        await town.tell(f"News for {person}", networks=[f"net-{person}"])


async def pressed(town: Town) -> str:
    """The path of the draft, approved and pressed."""
    [issue] = (await town.get("/newsletter/issues", status="draft"))["items"]
    there = f"/newsletter/issues/{issue['id']}"
    await town.post(f"{there}/approve")
    await town.post(f"{there}/send")
    return there


async def all_sent(town: Town, there: str) -> dict[str, Any]:
    async def done() -> bool:
        return bool((await town.get(f"{there}/progress"))["status"] == "sent")

    await eventually(done)
    progress: dict[str, Any] = await town.get(f"{there}/progress")
    return progress


def read(content: bytes) -> Any:
    return email.message_from_bytes(content, policy=email.policy.default)


async def test_newsletter_arrives_personalised_with_proper_headers(posting: Town, sink: Sink) -> None:
    await readers(posting, "ann", "ben")
    progress = await all_sent(posting, await pressed(posting))

    assert (progress["total"], progress["sent"], progress["repeated"]) == (2, 2, [])
    ann, ben = read(sink.mails["ann@people.example"]), read(sink.mails["ben@people.example"])
    text, html = (ann.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert ann["to"].addresses[0].display_name == "Ann Åsh" and "Dear Ann Åsh," in text
    assert "FROM YOUR NETWORKS\n\nStroke\n\n* News for ann" in text.replace("\r\n", "\n")
    assert "News for ben" in ben.get_body(("plain",)).get_content()
    assert ann["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert ann["list-unsubscribe"].strip("<>") in html and ann["message-id"] != ben["message-id"]


async def test_sent_issue_is_announced_once_and_stands_in_the_archive(posting: Town) -> None:
    await readers(posting, "ann")
    await all_sent(posting, await pressed(posting))

    async def told() -> bool:
        return "Newsletter 1 is out" in await posting.inbox("ann")

    await eventually(told)
    answer = await posting.client.get("/newsletter/archive/1")
    assert [item["headline"] for item in answer.json()["items"]] == ["News for ann"]
    assert (await posting.client.get("/newsletter/archive")).json()["total"] == 1
    assert (await posting.get("/newsletter/issues", status="draft"))["items"] == []


async def test_one_click_stops_the_newsletter_without_cookies_and_looking_does_not(posting: Town, sink: Sink) -> None:
    await readers(posting, "ann", "ben")
    await all_sent(posting, await pressed(posting))
    path = str(read(sink.mails["ann@people.example"])["list-unsubscribe"]).strip("<>").removeprefix("http://t.example")

    looked = await posting.client.get(path)
    assert looked.status_code == 200 and (await posting.get("/preferences", "ann"))["newsletter"] is True
    clicked = await posting.client.post(path, content="List-Unsubscribe=One-Click")
    again = await posting.client.post(path)

    assert clicked.json()["stopped"] and again.status_code == 200
    assert (await posting.get("/preferences", "ann"))["newsletter"] is False
    assert (await posting.get("/preferences", "ben"))["newsletter"] is True


async def test_unsubscribe_link_of_somebody_else_cannot_be_made_up(posting: Town) -> None:
    answer = await posting.client.post(f"/unsubscribe/newsletter.ann.{'0' * 32}")
    assert answer.status_code == 404 and "mail" in answer.json()["detail"]


async def test_address_refused_for_good_gets_no_more_mail(posting: Town, sink: Sink) -> None:
    await readers(posting, "ann", "ben")
    sink.refused["ben@people.example"] = "550 5.1.1 No such mailbox"
    progress = await all_sent(posting, await pressed(posting))
    assert (progress["sent"], progress["refused"]) == (1, 1)

    await posting.tell("More news", networks=["net-ann"])
    progress = await all_sent(posting, await pressed(posting))

    assert progress["total"] == 1


async def test_copy_put_off_by_the_server_is_tried_again(posting: Town, sink: Sink, monkeypatch: Any) -> None:
    monkeypatch.setattr("services.notifications.delivery.marks.RETRY_PAUSES", (0.3, 0.3))
    await readers(posting, "ann")
    sink.refused["ann@people.example"] = "451 4.7.1 Come back later"
    there = await pressed(posting)

    async def put_off() -> bool:
        return bool((await posting.get(f"{there}/progress"))["deferred"] == 1)

    await eventually(put_off)
    sink.refused.clear()

    async def arrived() -> bool:
        return bool((await posting.get(f"{there}/progress"))["sent"] == 1)

    await eventually(arrived)
    assert list(sink.taken.values()) == [1]


async def test_alert_goes_by_mail_at_once_to_those_who_asked_for_it_and_once(posting: Town, sink: Sink) -> None:
    await posting.network("stroke")
    for person in ("ann", "ben", "somebody"):
        await posting.role(await posting.person(person), "stroke")
    for person in ("ann", "somebody"):
        await posting.post("/preferences", person, "PATCH", immediate=True)
    message_id = await posting.tell("{person:ben} now leads", networks=["stroke"], people=["ann"], everyone=True)

    async def arrived() -> bool:
        return bool(sink.taken)

    await eventually(arrived)
    effects = (await posting.get(f"/trace/{message_id}"))["effects"]
    assert [e["count"] for e in effects if e["kind"] == "mail"] == [1]  # not Ben, and not who did it
    mail = read(sink.mails["ann@people.example"])
    assert mail["subject"] == "Ben now leads" and list(sink.taken.values()) == [1]


async def test_paused_issue_begins_no_copy_until_it_is_resumed(posting: Town, sink: Sink) -> None:
    sink.pause = 0.1
    await readers(posting, *(f"reader{n}" for n in range(16)))
    there = await pressed(posting)

    async def begun() -> bool:
        return len(sink.taken) >= 2

    await eventually(begun)
    await posting.post(f"{there}/pause")
    at_pause = len(sink.taken)
    await asyncio.sleep(0.8)
    assert at_pause <= len(sink.taken) <= at_pause + 4 < 16  # those that had begun were finished

    await posting.post(f"{there}/resume")
    progress = await all_sent(posting, there)
    assert (progress["sent"], set(sink.taken.values())) == (16, {1})


async def test_copies_can_be_read_in_the_local_mailbox(settings: Settings) -> None:
    mailbox = LocalMailbox(settings.data / "mailbox.db")
    async with own_database(settings) as mine, town_of(settings, mine, mailbox) as town:
        await readers(town, "ann")
        await all_sent(town, await pressed(town))

        [summary] = (await town.get("/mailbox", recipient="ann@people.example"))["items"]
        mail = await town.get(f"/mailbox/{summary['message_id']}")

    assert "News for ann" in mail["text"] and "News for ann" in mail["html"]
    assert {"List-Unsubscribe", "Message-ID"} <= set(mail["headers"])


async def test_mailbox_is_not_there_where_a_mail_server_is(posting: Town) -> None:
    answer = await posting.client.get("/mailbox", headers=posting.as_(STAFF))
    assert answer.status_code == 404 and "mail server" in answer.json()["detail"]


async def test_two_senders_never_hold_the_same_copy(town: Town) -> None:
    async with town.parts.database.transaction() as session:
        from services.notifications.tables import deliveries
        from shared.clock import now

        values = {"kind": "alert", "state": "pending", "attempts": 0, "next_at": now(), "holder": "", "repeated": False}
        await session.execute(
            deliveries.insert(), [{**values, "thing": "m", "reader_id": str(n), "reason": ""} for n in range(50)]
        )
        for holder in ("one", "two"):
            await rows.say_alive(session, holder)
        first = await rows.claim(session, "one", limit=30)
        second = await rows.claim(session, "two", limit=30)
        assert (len(first), len(second)) == (30, 20)
    direct = town.parts.database.direct()
    assert await hot.mark(direct, "two", sent={}, following=first[:1]) == {}
    assert await hot.mark(direct, "one", sent={}, following=first[:1]) == {first[0]: 0}
    await direct.close()
    async with town.parts.database.transaction() as session:
        await session.execute(deliveries.delete())
