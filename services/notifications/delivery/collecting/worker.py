"""The workers that read returned mail, from a Maildir or over IMAP, and forget addresses that were never confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from services.notifications.commands.readers import forget_unconfirmed
from services.notifications.commands.returned import take_returned
from services.notifications.delivery.collecting.imap import ImapFolder
from services.notifications.delivery.collecting.maildir import Maildir
from services.notifications.returned import read_returned
from shared.service import Parts

log = structlog.get_logger()
FORGET_SECONDS = 3600.0
"""Between two rounds of forgetting addresses that were never confirmed."""
Take = Callable[[bytes], Awaitable[bool]]


class Post(Protocol):
    """Where returned mail is delivered to."""

    pause: float

    async def look(self, take: Take) -> None:
        """Hand every mail to *take*, which says whether it is a report of ours, and put it away accordingly."""

    def close(self) -> None:
        """Let go of it."""


async def collect(parts: Parts) -> None:
    """The worker: read new mails until told to stop; nothing to do where none are delivered here."""
    post = post_of(parts.settings.returned_mail)
    if post is None:
        return
    try:
        while True:
            await post.look(partial(take, parts))
            await asyncio.sleep(post.pause)
    finally:
        post.close()


async def forget(parts: Parts) -> None:
    """The worker: forget addresses that were never confirmed, until told to stop."""
    while True:
        async with parts.database.transaction() as session:
            await forget_unconfirmed(session)
        await asyncio.sleep(FORGET_SECONDS)


def post_of(setting: str) -> Post | None:
    """The mailbox that `TIDINGS_RETURNED_MAIL` names, if it names one."""
    if not setting:
        return None
    return ImapFolder(setting) if "://" in setting else Maildir(Path(setting))


async def take(parts: Parts, content: bytes) -> bool:
    """Let what a mail reports have its effect; whether it is a report about a mail of ours."""
    try:
        found = read_returned(content)
    except Exception as error:  # a stranger's mail may be anything; it must not hold up the others
        log.warning("returned_mail_not_read", reason=type(error).__name__)
        return False
    async with parts.database.transaction() as session:
        taken = await take_returned(session, found, key=parts.settings.services_key)
    return taken.ours > 0
