"""What people choose: whom to follow, what to mute, interests, the newsletter, mail for each alert."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import belonging, changed, keep_only, put
from services.notifications.tables import audience_members, mutes, networks, newsletter_readers, preferences
from shared import clock
from shared.auth import Principal
from shared.db import upsert
from shared.errors import NotFound


class NoSuchNetwork(NotFound):
    """There is no network with this id; search the directory for its name."""


async def change_preferences(session: AsyncSession, *, fields: dict[str, Any], by: Principal) -> None:
    """Set what was sent; each list is the whole list. Raises NoSuchNetwork."""
    if "follows" in fields:
        await choose(session, by.person_id, "follow", await _known(session, fields["follows"]))
    if "interests" in fields:
        await _choose_interests(session, by.person_id, fields["interests"])
    if "muted" in fields:
        await session.execute(delete(mutes).where(mutes.c.person_id == by.person_id))
        await _mute_all(session, by.person_id, await _known(session, fields["muted"]))
        changed(session, [by.person_id])
    if "newsletter" in fields:
        await subscribe(session, [by.person_id]) if fields["newsletter"] else await unsubscribe(session, by.person_id)
    if "immediate" in fields:
        await _prefer(session, by.person_id, immediate=fields["immediate"])


async def follow(session: AsyncSession, *, network_id: str, by: Principal) -> None:
    """Be told of a network without being a member. Raises NoSuchNetwork."""
    await _known(session, [network_id])
    await put(session, [_chosen(by.person_id, "follow", network_id)])


async def unfollow(session: AsyncSession, *, network_id: str, by: Principal) -> None:
    """Follow no longer; a member is told all the same."""
    followed = audience_members.c.audience == f"network:{network_id}", audience_members.c.source == "follow"
    await session.execute(delete(audience_members).where(audience_members.c.person_id == by.person_id, *followed))
    changed(session, [by.person_id])


async def mute(session: AsyncSession, *, network_id: str, by: Principal) -> None:
    """Hear nothing of a network, by whichever way it would come. Raises NoSuchNetwork."""
    await _mute_all(session, by.person_id, await _known(session, [network_id]))
    changed(session, [by.person_id])


async def unmute(session: AsyncSession, *, network_id: str, by: Principal) -> None:
    """Hear of a network again, also of what it said meanwhile."""
    muted = mutes.c.person_id == by.person_id, mutes.c.network_id == network_id
    await session.execute(delete(mutes).where(*muted))
    changed(session, [by.person_id])


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


async def no_immediate(session: AsyncSession, person_id: str) -> None:
    """Send this person no mail for single alerts any more."""
    await _prefer(session, person_id, immediate=False)


def _chosen(person_id: str, source: str, name: str) -> dict[str, Any]:
    kind = "network" if source == "follow" else "care_group"
    return belonging(f"{kind}:{name}", person_id, source=source, route=source, since=clock.now())


async def _choose_interests(session: AsyncSession, person_id: str, interests: list[str]) -> None:
    """From now on the interests in the person's record no longer count: the choice made here does."""
    await choose(session, person_id, "interest", interests)
    from_record = audience_members.c.source == "record", audience_members.c.route == "interest"
    await session.execute(delete(audience_members).where(audience_members.c.person_id == person_id, *from_record))
    await _prefer(session, person_id, interests_chosen=True)


async def _prefer(session: AsyncSession, person_id: str, **values: bool) -> None:
    statement = upsert(session, preferences).on_conflict_do_update(
        index_elements=[preferences.c.person_id], set_=values
    )
    await session.execute(statement, {"person_id": person_id, "immediate": False, "interests_chosen": False, **values})


async def _mute_all(session: AsyncSession, person_id: str, network_ids: Iterable[str]) -> None:
    rows = [{"person_id": person_id, "network_id": network_id} for network_id in dict.fromkeys(network_ids)]
    if rows:
        await session.execute(upsert(session, mutes).on_conflict_do_nothing(), rows)


async def _known(session: AsyncSession, network_ids: list[str]) -> list[str]:
    rows = await session.execute(networks.select().where(networks.c.id.in_(network_ids)))
    known = {row.id for row in rows}
    if unknown := [network_id for network_id in network_ids if network_id not in known]:
        raise NoSuchNetwork(f"There is no network {unknown[0][:60]!r}; search the directory for its name.")
    return network_ids
