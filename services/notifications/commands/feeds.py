"""The secret part of a person's feed addresses: feed readers cannot sign in."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.sight import require_reading
from services.notifications.tables import feed_keys
from shared import clock
from shared.auth import Principal
from shared.db import upsert
from shared.errors import NotFound


class NoSuchFeedKey(NotFound):
    """This feed's address is no longer valid; make a new one on the page of your subscriptions."""


async def make_feed_key(session: AsyncSession, *, by: Principal) -> str:
    """A new key, shown once; addresses with the one before stop working. Raises LeadsOut."""
    require_reading(by)
    key = secrets.token_urlsafe(24)
    row = {"person_id": by.person_id, "digest": digest_of(key), "made_at": clock.now()}
    statement = upsert(session, feed_keys)
    fresh = {"digest": row["digest"], "made_at": row["made_at"]}
    again = statement.on_conflict_do_update(index_elements=[feed_keys.c.person_id], set_=fresh)
    await session.execute(again, row)
    return key


async def drop_feed_key(session: AsyncSession, *, by: Principal) -> None:
    """No address with a secret part works any more."""
    await session.execute(delete(feed_keys).where(feed_keys.c.person_id == by.person_id))


async def person_of_key(session: AsyncSession, key: str) -> str:
    """Whose key this is. Raises NoSuchFeedKey."""
    query = select(feed_keys.c.person_id).where(feed_keys.c.digest == digest_of(key))
    person_id = (await session.execute(query)).scalar_one_or_none()
    if person_id is None:
        raise NoSuchFeedKey
    return str(person_id)


def digest_of(key: str) -> str:
    """What is stored of a key: a copy of the database opens no feed."""
    return hashlib.sha256(key.encode()).hexdigest()
