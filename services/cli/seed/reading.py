"""Readers: who follows what, and the newsletters of the weeks that have gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.cli.seed.acts import Mail
from services.cli.seed.cast import HOME, MEMBER, SECOND_STAFF, Player
from services.cli.seed.names import address_of, invented_names
from services.cli.seed.register import Entry
from services.notifications.commands.following import choose, subscribe
from services.notifications.digest import close_draft
from services.notifications.tables import issues, newsletter_readers
from shared import clock
from shared.auth import Principal
from shared.envelope import new_id

WITHOUT_ACCOUNT = 200
WEEKS = 51
WEEK = timedelta(days=7)


def follows(chance: Random, players: Sequence[Player], networks: Sequence[Entry]) -> dict[str, list[str]]:
    """The networks that people follow without being members: three for every fourth person."""
    near = [network.name for network in networks if network.bodies and network.name != HOME]
    found = {player.email: chance.sample(near, 3) for player in players if chance.random() < 0.25}
    stroke = [network.name for network in networks if network.care_group == "stroke"][:2]
    return {**found, MEMBER: stroke}


def mails(now: datetime, readers: int) -> list[Mail]:
    """One newsletter a week; the last a week ago, so that the present draft holds a week."""
    day = now.date() - WEEK
    day -= timedelta(days=max(0, day.weekday() - 4))
    last = datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
    return [Mail(moment=last - week * WEEK, by=SECOND_STAFF, readers=readers - 3 * week) for week in range(WEEKS)]


async def add_readers(
    session: AsyncSession, chance: Random, people: Mapping[str, Principal],
    follows_: Mapping[str, Sequence[str]], networks: Mapping[str, str],
) -> None:  # fmt: skip
    """Everybody with an account reads the newsletter, and so do some without one."""
    await subscribe(session, [person.person_id for person in people.values()])
    rows = [
        {"id": new_id(), "email": address_of(name, "readers"), "confirmed_at": clock.now(), "unsubscribed_at": None}
        for name, _ in zip(invented_names(chance), range(WITHOUT_ACCOUNT), strict=False)
    ]
    await session.execute(insert(newsletter_readers), rows)
    for email, names in follows_.items():
        await choose(session, people[email].person_id, "follow", [networks[name] for name in names])


async def send_last_weeks(session: AsyncSession, act: Mail, by: Principal) -> None:
    """Close the draft as an issue that went out. No mail is made: nobody wants last year's news today."""
    day = act.moment.date()
    sent = {
        "status": "sent", "title": f"Networks this week, {day:%-d %B %Y}", "week_from": day - timedelta(days=6),
        "week_to": day, "approved_by": by.person_id, "readers": act.readers,
        "pressed_at": act.moment, "sent_at": act.moment + timedelta(minutes=2),
    }  # fmt: skip
    await session.execute(update(issues).where(issues.c.status == "draft").values(sent))
    await close_draft(session)


async def date_draft(session: AsyncSession) -> None:
    """The open draft is this week's, whenever its first item came."""
    today = clock.today()
    values = {
        "title": f"Networks this week, {today:%-d %B %Y}",
        "week_from": today - timedelta(days=6),
        "week_to": today,
    }
    await session.execute(update(issues).where(issues.c.status == "draft").values(values))
