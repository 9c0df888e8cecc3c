"""What becomes of people's choices when a network becomes part of another: whom they follow, what they muted, and
what their programs picked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import belonging, put
from services.notifications.audience import changed as readers_changed
from services.notifications.commands.subscriptions import changed, file_anew, locked
from services.notifications.tables import audience_members as members
from services.notifications.tables import choices, mutes, subscription_keys
from shared.auth import Principal
from shared.db import upsert


async def merge_choices(session: AsyncSession, *, source: str, target: str, moment: datetime, by: Principal) -> None:
    """Let those who chose something for the network *source* have chosen it for *target*, from *moment* on.

    Followers go on reading what the old network said; it says nothing any more. A mute goes over unless the person
    belonged to the other network by themselves: they chose to hear of that one.
    """
    await _merge_mutes(session, source, target, moment)
    await _merge_kinds(session, source, target)
    followed = members.c.audience == f"network:{source}", members.c.source == "follow"
    followers = (await session.execute(select(members.c.person_id, members.c.since).where(*followed))).all()
    coming = [
        belonging(f"network:{target}", row.person_id, source="follow", route="follow", since=moment)
        for row in followers
    ]
    reading = [
        belonging(f"network:{source}", row.person_id, source="merged", route="follow", since=row.since)
        for row in followers
    ]
    await put(session, coming + reading)
    await session.execute(delete(members).where(*followed))
    await _merge_subscriptions(session, source, target, by)


async def _merge_mutes(session: AsyncSession, source: str, target: str, moment: datetime) -> None:
    there = select(members.c.person_id).where(
        members.c.audience == f"network:{target}", members.c.active, members.c.since < moment
    )
    muting = select(mutes.c.person_id).where(mutes.c.network_id == source, mutes.c.person_id.not_in(there))
    people = list((await session.execute(muting)).scalars())
    if people:
        rows = [{"person_id": person_id, "network_id": target} for person_id in people]
        await session.execute(upsert(session, mutes).on_conflict_do_nothing(), rows)
        await readers_changed(session, people)


async def _merge_kinds(session: AsyncSession, source: str, target: str) -> None:
    """Who chose in which form the old network reaches them has chosen it for the new one, unless they chose there."""
    old = select(choices.c.person_id, literal(target), choices.c.forms).where(choices.c.network_id == source)
    names = ["person_id", "network_id", "forms"]
    await session.execute(upsert(session, choices).from_select(names, old).on_conflict_do_nothing())
    mine = select(choices.c.person_id).where(choices.c.network_id == source)
    await readers_changed(session, (await session.execute(mine)).scalars().all())


async def _merge_subscriptions(session: AsyncSession, source: str, target: str, by: Principal) -> None:
    """Programs that picked the old network have picked the new one too."""
    filed = select(subscription_keys.c.subscription_id).where(subscription_keys.c.key == f"network:{source}")
    for subscription_id in list(await session.scalars(filed.order_by(subscription_keys.c.subscription_id))):
        row = await locked(session, subscription_id)
        if target not in row["networks"]:
            why = "A network that it picks became part of another."
            await file_anew(
                session, await changed(session, row, by=by, reason=why, networks=[*row["networks"], target])
            )
