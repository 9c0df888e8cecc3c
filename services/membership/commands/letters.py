"""Mails about accounts: put down with the change that causes them, sent by the worker `letters.py`.

Invariant: a link's secret is made as its mail is sent and stored by its hash alone; each new link ends the one before.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.passwords import hashed
from services.membership.tables import EmailChange, Letter, MailedKey
from shared import clock
from shared.envelope import new_id
from shared.errors import NotSignedIn

RESET_MINUTES = 30
FORGET = "forget"
"""What is put down is no mail: those that the local mailbox keeps to the address of this SHA-256 are to be dropped."""


class LinkOver(NotSignedIn):
    """This link is too old, was used already, or a newer one was sent; ask for another."""


def put_down(
    session: AsyncSession, *, kind: str, address: str, subject_id: str = "", about: dict[str, str] | None = None
) -> None:
    """Let a mail go out once this transaction is committed. Without an address there is none."""
    if address:
        now = clock.now()
        letter = Letter(id=new_id(), kind=kind, address=address, subject_id=subject_id, created_at=now, due_at=now)
        letter.tries, letter.about = 0, about or {}
        session.add(letter)


async def new_key(session: AsyncSession, *, kind: str, subject_id: str, lives: timedelta) -> str:
    """A secret for a link; the ones mailed before for the same end."""
    await end_keys(session, subject_id=subject_id, kind=kind)
    secret = secrets.token_urlsafe(32)
    row = MailedKey(hash=hashed(secret), kind=kind, subject_id=subject_id, expires_at=clock.now() + lives)
    session.add(row)
    await session.flush()
    return secret


async def use_key(session: AsyncSession, *, kind: str, secret: str) -> str:
    """Use a link's secret up: whom or what it is for. Of two at once one succeeds. Raises LinkOver."""
    theirs = (MailedKey.hash == hashed(secret), MailedKey.kind == kind, MailedKey.expires_at > clock.now())
    used = await session.execute(delete(MailedKey).where(*theirs).returning(MailedKey.subject_id))
    subject_id = used.scalar_one_or_none()
    if subject_id is None:
        raise LinkOver
    return subject_id


async def end_links(session: AsyncSession, *, person_id: str) -> None:
    """Let no link that was mailed about somebody's account open anything, nor another address wait for one."""
    await end_keys(session, subject_id=person_id)
    await session.execute(delete(EmailChange).where(EmailChange.person_id == person_id))


async def end_keys(session: AsyncSession, *, subject_id: str, kind: str = "") -> None:
    """Let every link that was mailed for a subject open nothing any more."""
    theirs = delete(MailedKey).where(MailedKey.subject_id == subject_id)
    await session.execute(theirs.where(MailedKey.kind == kind) if kind else theirs)
