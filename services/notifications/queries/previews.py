"""A copy as one reader would get it, made by what makes the copies themselves."""

from __future__ import annotations

import email
import email.policy
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.delivery.rows import belongings
from services.notifications.letters.editions import edition_of
from services.notifications.letters.stationery import Recipient, Stationery
from services.notifications.queries.issues import issue_at, items_for
from services.notifications.tables import newsletter_readers, people
from shared.errors import NotFound

NOBODY = "preview"
"""Whose links a preview has: pressing them stops nothing for anybody."""


class NoSuchReader(NotFound):
    """Nobody with this id is known here; search for a reader by name."""


async def preview_of(session: AsyncSession, stationery: Stationery, issue_id: str, reader_id: str) -> dict[str, Any]:
    """Subject, text, HTML and items of a reader's copy; without *reader_id* the one of somebody in no network."""
    await issue_at(session, issue_id)
    name = await _called(session, reader_id) if reader_id else ""
    edition = await edition_of(session, stationery, issue_id)
    audiences, muted = await belongings(session, [reader_id])
    content = edition.mail(
        Recipient(NOBODY, name, stationery.sender), audiences.get(reader_id, ()), muted.get(reader_id, ())
    )
    mail = email.message_from_bytes(content, policy=email.policy.default)
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text and html
    return {
        "reader_name": name, "subject": str(mail["subject"]), "text": text.get_content(), "html": html.get_content(),
        "items": await items_for(session, issue_id, reader_id),
    }  # fmt: skip


async def _called(session: AsyncSession, reader_id: str) -> str:
    known = select(func.coalesce(people.c.name, "")).where(people.c.id == reader_id)
    name = (await session.execute(known)).scalar()
    without_account = select(newsletter_readers.c.id).where(newsletter_readers.c.id == reader_id)
    if name is None and (await session.execute(without_account)).first() is None:
        raise NoSuchReader
    return str(name or "")
