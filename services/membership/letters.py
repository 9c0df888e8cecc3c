"""Sends the mails about accounts.

Invariants:
1. A letter is leased before it is made, so of several processes one sends it; a killed one's lease runs out.
2. A mail that may or may not have been taken is made anew: the newest link is the one that opens.
3. A day after a letter was put down nothing of it is kept; invitations that are over go after thirty days.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.letters import FORGET
from services.membership.mails import mail_of
from services.membership.tables import EmailChange, Invitation, Letter, MailedKey
from services.membership.wording import words_of
from shared import clock
from shared.mailer import Accepted, Mail, Outcome, Refused
from shared.service import Parts
from shared.turning import turning

log = structlog.get_logger()
PAUSE_SECONDS = 1.0
LEASE = timedelta(minutes=2)
MOST_TRIES = 8
AT_ONCE = 20
LONGEST_REFUSAL = 300
KEPT = timedelta(days=1)
IN_FLIGHT = timedelta(seconds=3)
"""How long a mail that was on its way to somebody who is erased may take to arrive in the local mailbox."""
INVITATIONS_KEPT = timedelta(days=30)


async def send_letters(parts: Parts) -> None:
    """Look every second; a reset is waited for."""
    while True:
        async with parts.database.reading() as session:
            due = (await session.execute(select(Letter.id).where(Letter.due_at <= clock.now()).limit(1))).first()
        if due:
            await send_due(parts)
        await asyncio.sleep(PAUSE_SECONDS)


async def send_due(parts: Parts) -> None:
    """Send what is due now, and forget what is to be forgotten."""
    await _forget_mails(parts)
    async with parts.database.transaction() as session:
        mails = await _leased(session, parts)
    if not mails:
        return
    async with parts.mailer.connection() as line:
        for letter_id, mail in mails:
            outcome = await line.send(mail)
            async with parts.database.transaction() as session:
                await _sent(session, letter_id, outcome)
            log.info("letter_sent", letter=letter_id, outcome=type(outcome).__name__)


async def _forget_mails(parts: Parts) -> None:
    """Drop the mails to the addresses of the erased; first the mails, then the note that says so."""
    query = select(Letter.id, Letter.address).where(Letter.kind == FORGET, Letter.created_at < clock.now() - IN_FLIGHT)
    async with parts.database.reading() as session:
        found = list(await session.execute(query))
    for letter_id, address in found:
        await parts.mailer.forget(address)
        async with parts.database.transaction() as session:
            await session.execute(delete(Letter).where(Letter.id == letter_id))


async def _leased(session: AsyncSession, parts: Parts) -> list[tuple[str, Mail]]:
    found = (await session.execute(_due().limit(AT_ONCE).with_for_update(skip_locked=True))).scalars()
    mails = []
    for letter in list(found):
        letter.due_at, letter.tries = clock.now() + LEASE, letter.tries + 1
        mail = await _made(session, letter, parts) if letter.tries <= MOST_TRIES else None
        if mail is None:
            letter.due_at = None
        else:
            mails.append((letter.id, mail))
    return mails


async def _made(session: AsyncSession, letter: Letter, parts: Parts) -> Mail | None:
    """The mail; one for an address that no header takes is given up, so that it holds up no other."""
    try:
        said = await words_of(session, letter, parts.settings)
        return mail_of(said, letter, parts.settings) if said else None
    except ValueError as error:
        log.error("letter_not_made", letter=letter.id, reason=type(error).__name__)
        return None


async def _sent(session: AsyncSession, letter_id: str, outcome: Outcome) -> None:
    letter = await session.get(Letter, letter_id, with_for_update=True)
    if letter is None:
        return
    is_done = isinstance(outcome, Accepted | Refused)
    letter.due_at = None if is_done else clock.now() + timedelta(seconds=15 * 2**letter.tries)
    if isinstance(outcome, Refused) and letter.kind == "invitation":
        said = f"{outcome.code} {outcome.text}"[:LONGEST_REFUSAL]
        refused = update(Invitation).where(Invitation.id == letter.subject_id)
        await session.execute(refused.values(refusal=said))


def _due() -> Select[Letter]:
    return select(Letter).where(Letter.due_at <= clock.now(), Letter.kind != FORGET).order_by(Letter.due_at)


def _old() -> Select[str]:
    return select(Letter.id).where(Letter.created_at < clock.now() - KEPT)


async def _forget(session: AsyncSession) -> None:
    await session.execute(delete(Letter).where(Letter.id.in_(_old())))
    await session.execute(delete(MailedKey).where(MailedKey.expires_at < clock.now()))
    await session.execute(delete(EmailChange).where(EmailChange.expires_at < clock.now()))
    over = Invitation.expires_at < clock.now() - INVITATIONS_KEPT
    await session.execute(delete(Invitation).where(over))


forget_letters = turning("forget_letters", _old, _forget)
