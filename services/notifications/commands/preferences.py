"""What people choose: a channel for each kind of change, in general and for single networks.

Invariant: a choice holds from the next message on, and for copies that were ordered and have not begun.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import changed
from services.notifications.channels import ALL_MAIL, DAILY, MAIL, NOTHING_CHOSEN, PRESETS, code_of
from services.notifications.commands import following
from services.notifications.delivery.wanted import drop_unwanted
from services.notifications.summaries import gather, renew
from services.notifications.tables import audience_members, browsers, choices, mutes, preferences
from shared.auth import Principal
from shared.boundary import require_revision
from shared.db import upsert

Kinds = Mapping[str, str | None]


async def change_preferences(
    session: AsyncSession, *, fields: dict[str, Any], by: Principal, expected: int | None = None
) -> None:
    """Set what was sent; each list is the whole list. Raises NoSuchNetwork, ChangedMeanwhile."""
    person_id = by.person_id
    shape = await _locked(session, person_id)
    require_revision(expected, shape)
    await gather(session, [person_id])
    await _choose_sources(session, person_id, fields)
    if "newsletter" in fields:
        takes = fields["newsletter"]
        await (following.subscribe(session, [person_id]) if takes else following.unsubscribe(session, person_id))
    if fields.get("immediate") is False:
        await _choose_no(session, person_id, MAIL)
    await _set_general(session, person_id, fields)
    for network_id, kinds in fields.get("networks", {}).items():
        await _set_network(session, person_id, network_id, kinds)
    await _set_hours(session, person_id, fields)
    await settle(session, person_id)


async def no_immediate(session: AsyncSession, person_id: str) -> None:
    """Send this person no mail for single alerts any more, whatever they chose it for."""
    await _take_back(session, person_id, MAIL)


async def no_summary(session: AsyncSession, person_id: str) -> None:
    """Send this person no summary any more: nothing daily, and nothing at once that could wait for its end."""
    await _take_back(session, person_id, MAIL, DAILY)


async def _take_back(session: AsyncSession, person_id: str, *channels: str) -> None:
    await changed(session, [person_id])
    await gather(session, [person_id])
    for channel in channels:
        await _choose_no(session, person_id, channel)
    await settle(session, person_id)


async def settle(session: AsyncSession, person_id: str) -> None:
    """Let what follows from a choice be so: who is looked at when copies are ordered, when their summary is due, and
    the copies that wait."""
    reasons = [
        select(table.c.person_id).where(table.c.person_id == person_id, table.c.forms.contains(MAIL))
        for table in (preferences, choices)
    ]
    reasons.append(select(browsers.c.person_id).where(browsers.c.person_id == person_id))
    eager = (await session.execute(union_all(*reasons).limit(1))).first() is not None
    for table in (preferences, audience_members):
        mine = update(table).where(table.c.person_id == person_id, table.c.eager.is_not(eager))
        await session.execute(mine.values(eager=eager))
    await renew(session, person_id)
    await drop_unwanted(session, person_id)


async def _choose_sources(session: AsyncSession, person_id: str, fields: dict[str, Any]) -> None:
    """The lists: whom they follow, what interests them, what they mute."""
    if "follows" in fields:
        await following.choose(session, person_id, "follow", await following.known(session, fields["follows"]))
    if "interests" in fields:
        await following.choose_interests(session, person_id, fields["interests"])
    if "muted" in fields:
        muted = await following.known(session, fields["muted"])
        await session.execute(delete(mutes).where(mutes.c.person_id == person_id))
        await following.mute_all(session, person_id, muted)


async def _locked(session: AsyncSession, person_id: str) -> int:
    """The revision of the person's choices; their row is kept until the transaction ends, and open pages look again."""
    mine = select(preferences.c.shape).where(preferences.c.person_id == person_id).with_for_update()
    shape = (await session.execute(mine)).scalar() or 0
    await changed(session, [person_id])
    return int(shape)


async def _choose_no(session: AsyncSession, person_id: str, channel: str) -> None:
    """Take back every choice of this channel."""
    for table in (preferences, choices):
        mine = table.c.person_id == person_id, table.c.forms.contains(channel)
        await session.execute(update(table).where(*mine).values(forms=func.replace(table.c.forms, channel, ".")))


async def _set_hours(session: AsyncSession, person_id: str, fields: dict[str, Any]) -> None:
    """Their time zone, their quiet hours (none: never quiet) and when their day's summary comes."""
    values: dict[str, Any] = {name: fields[name] for name in ("zone", "daily_at") if name in fields}
    if "quiet" in fields:
        quiet = fields["quiet"] or {"begins": None, "ends": None}
        values |= {"quiet_from": quiet["begins"], "quiet_to": quiet["ends"]}
    if values:
        await session.execute(update(preferences).where(preferences.c.person_id == person_id).values(values))


async def _set_general(session: AsyncSession, person_id: str, fields: dict[str, Any]) -> None:
    """Put a short choice, "all by mail" and the table's first line, those that were sent, onto the general choice."""
    mine = preferences.c.person_id == person_id
    code = str((await session.execute(select(preferences.c.forms).where(mine))).scalar_one())
    code = PRESETS[fields["preset"]] if fields.get("preset") else code
    code = code_of(fields.get("kinds", {}), ALL_MAIL if fields.get("immediate") else code)
    await session.execute(update(preferences).where(mine).values(forms=code))


async def _set_network(session: AsyncSession, person_id: str, network_id: str, kinds: Kinds) -> None:
    """Choose for one network; where nothing chosen is left, its row goes."""
    [network_id] = await following.known(session, [network_id])
    mine = choices.c.person_id == person_id, choices.c.network_id == network_id
    present = (await session.execute(select(choices.c.forms).where(*mine))).scalar()
    code = code_of(kinds, present or NOTHING_CHOSEN)
    if code == NOTHING_CHOSEN:
        await session.execute(delete(choices).where(*mine))
        return
    insert = upsert(session, choices)
    statement = insert.on_conflict_do_update(
        index_elements=[choices.c.person_id, choices.c.network_id], set_={"forms": insert.excluded.forms}
    )
    await session.execute(statement, {"person_id": person_id, "network_id": network_id, "forms": code})
