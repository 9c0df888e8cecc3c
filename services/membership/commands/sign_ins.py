"""That somebody signed in, and the mail to them where that was with a browser not used for their account before."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.letters import put_down
from services.membership.tables import FirstSignIn, Letter, Person
from shared import clock
from shared.db import upsert

NEW_BROWSER = "new-browser"
MOST_MAILS, WITHIN = 5, timedelta(hours=1)
"""A program that signs in again and again floods nobody's mailbox."""


async def note_sign_in(session: AsyncSession, *, person_id: str, is_known: bool, about: dict[str, str]) -> None:
    """Note that somebody signed in and, but for the first time, mail them where their browser was not known.

    *about*: the `browser`, the `address` it came from, and the page that can `end` it.
    """
    person = await session.get(Person, person_id)
    if person is None:
        return  # erased meanwhile
    is_first = await _is_first(session, person_id)
    if not is_first and not is_known and await _mails_lately(session, person_id) < MOST_MAILS:
        put_down(session, kind=NEW_BROWSER, address=person.email, subject_id=person_id, about=about)


async def _is_first(session: AsyncSession, person_id: str) -> bool:
    row = {"person_id": person_id, "at": clock.now()}
    statement = upsert(session, FirstSignIn.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]
    return (await session.execute(statement.returning(FirstSignIn.person_id), row)).first() is not None


async def _mails_lately(session: AsyncSession, person_id: str) -> int:
    theirs = Letter.kind == NEW_BROWSER, Letter.subject_id == person_id, Letter.created_at > clock.now() - WITHIN
    return int((await session.execute(select(func.count()).select_from(Letter).where(*theirs))).scalar_one())
