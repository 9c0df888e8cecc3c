"""Whom people follow, what they mute, what interests them, and whether they read the newsletter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import belonging, changed, keep_only, put
from services.notifications.delivery.wanted import drop_unwanted
from services.notifications.tables import audience_members, mutes, networks, newsletter_readers, preferences
from shared import clock
from shared.auth import Principal
from shared.db import upsert
from shared.errors import NotFound


class NoSuchNetwork(NotFound):
    """There is no network with this id; search the directory for its name."""


async def follow(session: AsyncSession, *, network_id: str, by: Principal) -> None:
    """Be told of a network without being a member. Raises NoSuchNetwork."""
    await known(session, [network_id])
    await put(session, [_chosen(by.person_id, "follow", network_id)])


async def unfollow(session: AsyncSession, *, network_id: str, by: Principal) -> None:
    """Follow no longer; a member is told all the same."""
    followed = audience_members.c.audience == f"network:{network_id}", audience_members.c.source == "follow"
    await session.execute(delete(audience_members).where(audience_members.c.person_id == by.person_id, *followed))
    await changed(session, [by.person_id])
    await drop_unwanted(session, by.person_id)


async def mute(session: AsyncSession, *, network_id: str, by: Principal) -> None:
    """Hear nothing of a network, by whichever way it would come. Raises NoSuchNetwork."""
    await mute_all(session, by.person_id, await known(session, [network_id]))
    await changed(session, [by.person_id])
    await drop_unwanted(session, by.person_id)


async def unmute(session: AsyncSession, *, network_id: str, by: Principal) -> None:
    """Hear of a network again, also of what it said meanwhile."""
    muted = mutes.c.person_id == by.person_id, mutes.c.network_id == network_id
    await session.execute(delete(mutes).where(*muted))
    await changed(session, [by.person_id])


async def choose(session: AsyncSession, person_id: str, source: str, names: Iterable[str]) -> None:
    """Make *names* the whole list of what a person follows (`follow`) or is interested in (`interest`)."""
    rows = [_chosen(person_id, source, name) for name in dict.fromkeys(names)]
    await keep_only(session, person_id, source, [row["audience"] for row in rows])
    await put(session, rows)


async def subscribe(session: AsyncSession, person_ids: Iterable[str]) -> None:
    """Send the newsletter to these people, who have accounts and so confirmed addresses."""
    statement = upsert(session, newsletter_readers)
    again = statement.on_conflict_do_update(
        index_elements=[newsletter_readers.c.id], set_={"unsubscribed_at": None, "confirmed_at": clock.now()}
    )
    rows = [{"id": i, "email": "", "confirmed_at": clock.now(), "unsubscribed_at": None} for i in person_ids]
    if rows:
        await session.execute(again, rows)


async def unsubscribe(session: AsyncSession, reader_id: str) -> None:
    """Send this reader no newsletter any more."""
    mine = newsletter_readers.c.id == reader_id, newsletter_readers.c.unsubscribed_at.is_(None)
    await session.execute(update(newsletter_readers).where(*mine).values(unsubscribed_at=clock.now()))


def _chosen(person_id: str, source: str, name: str) -> dict[str, Any]:
    kind = "network" if source == "follow" else "care_group"
    return belonging(f"{kind}:{name}", person_id, source=source, route=source, since=clock.now())


async def choose_interests(session: AsyncSession, person_id: str, interests: list[str]) -> None:
    """Make *interests* the whole list; from now on it counts, and the interests in the person's record do not."""
    await changed(session, [person_id])
    await choose(session, person_id, "interest", interests)
    from_record = audience_members.c.source == "record", audience_members.c.route == "interest"
    await session.execute(delete(audience_members).where(audience_members.c.person_id == person_id, *from_record))
    mine = update(preferences).where(preferences.c.person_id == person_id)
    await session.execute(mine.values(interests_chosen=True))


async def mute_all(session: AsyncSession, person_id: str, network_ids: Iterable[str]) -> None:
    """Mute these networks too."""
    rows = [{"person_id": person_id, "network_id": network_id} for network_id in dict.fromkeys(network_ids)]
    if rows:
        await session.execute(upsert(session, mutes).on_conflict_do_nothing(), rows)


async def known(session: AsyncSession, network_ids: list[str]) -> list[str]:
    """*network_ids*. Raises NoSuchNetwork where one is unknown."""
    rows = await session.execute(networks.select().where(networks.c.id.in_(network_ids)))
    known = {row.id for row in rows}
    if unknown := [network_id for network_id in network_ids if network_id not in known]:
        raise NoSuchNetwork(f"There is no network {unknown[0][:60]!r}; search the directory for its name.")
    return network_ids
