"""What every mailer keeps."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from shared.mailer import Accepted
from tests.mailer.conftest import Post, mail


async def test_a_mail_arrives_byte_for_byte(post: Post) -> None:
    sent = mail()
    async with post.mailer.connection() as connection:
        assert isinstance(await connection.send(sent), Accepted)
    [arrived] = await post.arrived()
    assert (arrived.sender, arrived.recipient, arrived.content) == (sent.sender, sent.recipient, sent.content)


@pytest.mark.parametrize(
    "body", [b".\r\n", b"..\r\n.x\r\n.\r\nMAIL FROM:<x@y.example>\r\n", b"\r\n.\r\n\r\n", b"a.\r\n"]
)
async def test_dots_in_a_mail_neither_end_it_nor_get_lost(post: Post, body: bytes) -> None:
    content = b"Subject: dots\r\n\r\n" + body
    async with post.mailer.connection() as connection:
        assert isinstance(await connection.send(mail(content=content)), Accepted)
        assert isinstance(await connection.send(mail("ben")), Accepted)
    assert {one.content for one in await post.arrived()} == {content, mail("ben").content}


async def test_a_mail_of_eight_bit_text_arrives_unaltered(post: Post) -> None:
    content = "Subject: hello\r\n\r\nCafé, Ærø, 日本\r\n".encode()
    async with post.mailer.connection() as connection:
        assert isinstance(await connection.send(mail(content=content)), Accepted)
    assert [one.content for one in await post.arrived()] == [content]


async def test_many_mails_over_several_connections_each_arrive_once(post: Post) -> None:
    names = iter([f"reader{number}" for number in range(300)])

    async def sender() -> None:
        async with post.mailer.connection() as connection:
            for name in names:
                assert isinstance(await connection.send(mail(name)), Accepted)

    await asyncio.gather(*(sender() for _ in range(post.mailer.connections())))
    arrived = Counter(one.recipient for one in await post.arrived())
    assert arrived == {f"reader{number}@people.example": 1 for number in range(300)}


async def test_a_large_mail_arrives(post: Post) -> None:
    content = b"Subject: large\r\n\r\n" + (b"." + b"x" * 70 + b"\r\n") * 5000
    async with post.mailer.connection() as connection:
        assert isinstance(await connection.send(mail(content=content)), Accepted)
    assert [one.content for one in await post.arrived()] == [content]


async def test_a_connection_without_a_mail_does_nothing(post: Post) -> None:
    async with post.mailer.connection():
        pass
    assert await post.arrived() == [] and post.mailer.away is None
