"""What people chose, and the audiences they belong to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import network_names
from services.notifications.audience import Rules, routes_of, rules_of
from services.notifications.channels import ALL_MAIL, NOTHING_CHOSEN, OFF, chosen_in, preset_of
from services.notifications.hours import Hours
from services.notifications.queries.sentences import summed_up
from services.notifications.tables import (
    audience_members,
    browsers,
    choices,
    mutes,
    newsletter_readers,
    people,
    preferences,
)
from shared.announcement import CHANNELS, KINDS


async def muted_by(session: AsyncSession, person_id: str) -> list[str]:
    """The networks that a person muted."""
    return await _column(session, select(mutes.c.network_id).where(mutes.c.person_id == person_id))


async def chosen_of(session: AsyncSession, person_id: str, network_id: str) -> dict[str, bool]:
    """Whether a person follows a network, and whether they muted it."""
    mine = audience_members.c.person_id == person_id, audience_members.c.source == "follow", audience_members.c.active
    follows = select(audience_members.c.person_id).where(*mine, audience_members.c.audience == f"network:{network_id}")
    muted = select(mutes.c.person_id).where(mutes.c.person_id == person_id, mutes.c.network_id == network_id)
    found = (await session.execute(select(follows.exists().label("follows"), muted.exists().label("muted")))).one()
    return {"follows": bool(found.follows), "muted": bool(found.muted)}


async def is_known(session: AsyncSession, person_id: str) -> bool:
    """Whether somebody with an account has this id."""
    return (await session.execute(select(people.c.id).where(people.c.id == person_id))).first() is not None


async def preferences_of(session: AsyncSession, person_id: str) -> dict[str, Any]:
    """All that a person chose, and what follows from it and from their record."""
    mine = select(audience_members.c.audience).where(
        audience_members.c.person_id == person_id, audience_members.c.active
    )
    follows = await _column(session, mine.where(audience_members.c.source == "follow"))
    interests = await _column(session, mine.where(audience_members.c.route == "interest"))
    wants = select(newsletter_readers.c.id).where(
        newsletter_readers.c.id == person_id, newsletter_readers.c.unsubscribed_at.is_(None)
    )
    chose = (await session.execute(select(preferences).where(preferences.c.person_id == person_id))).mappings().first()
    forms = chose["forms"] if chose else NOTHING_CHOSEN
    hours = Hours.of(chose)
    found = {
        "revision": chose["shape"] if chose else 0, "preset": preset_of(forms), "kinds": chosen_in(forms),
        "networks": await _networks(session, person_id), "muted": await muted_by(session, person_id),
        "follows": [audience.removeprefix("network:") for audience in follows],
        "interests": sorted({audience.removeprefix("care_group:") for audience in interests}),
        "newsletter": bool(await _column(session, wants)), "immediate": forms == ALL_MAIL,
        "audiences": await _named_audiences(session, person_id),
        "zone": hours.zone, "daily_at": hours.daily_at, "quiet": _quiet(hours),
    }  # fmt: skip
    mine = select(browsers.c.id).where(browsers.c.person_id == person_id).limit(1)
    return found | {"sentence": summed_up(found, hours, has_browser=bool(await _column(session, mine)))}


def _quiet(hours: Hours) -> dict[str, int | None] | None:
    return None if hours.quiet_from is None else {"begins": hours.quiet_from, "ends": hours.quiet_to}


async def _networks(session: AsyncSession, person_id: str) -> list[dict[str, Any]]:
    """Each network that a person belongs to or chose something for, by name: what was chosen, and what it comes to."""
    rules, routes = await rules_of(session, person_id), dict(await routes_of(session, person_id))
    belongs = {audience[8:]: route for audience, route in routes.items() if audience.startswith("network:")}
    rows = await session.execute(select(choices.c.network_id, choices.c.forms).where(choices.c.person_id == person_id))
    chosen, muted = {row[0]: row[1] for row in rows}, set(await muted_by(session, person_id))
    ids = {*belongs, *chosen, *muted}
    called = await network_names(session, ids)
    found = [
        {
            "network_id": network_id, "name": called.get(network_id, ""), "route": belongs.get(network_id, ""),
            "muted": network_id in muted, "kinds": chosen_in(chosen.get(network_id, NOTHING_CHOSEN)),
            "effective": _effective(rules, network_id),
        }
        for network_id in ids
    ]  # fmt: skip
    return sorted(found, key=lambda network: (network["name"].casefold(), network["network_id"]))


def _effective(rules: Rules, network_id: str) -> dict[str, str]:
    """Kind → the channel by which a person is told of this network's changes as such."""
    lines = [bests for _, bests in rules.audiences.get(f"network:{network_id}", [])]
    return {kind: CHANNELS[int(max((line[n] for line in lines), default=OFF)[0])] for n, kind in enumerate(KINDS)}


async def _named_audiences(session: AsyncSession, person_id: str) -> list[dict[str, str]]:
    routes = await routes_of(session, person_id)
    called = await network_names(session, [key.removeprefix("network:") for key, _ in routes if key[:8] == "network:"])
    return [
        {"audience": key, "route": route, "name": called.get(key.removeprefix("network:"), key.partition(":")[2])}
        for key, route in routes
    ]


async def _column(session: AsyncSession, query: Select[Any]) -> list[str]:
    return list((await session.execute(query)).scalars())
