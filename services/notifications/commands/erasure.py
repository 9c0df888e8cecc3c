"""Erasure: a person goes from every table; alerts that name them keep an id that nobody can resolve."""

from __future__ import annotations

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import forgotten
from services.notifications.commands.subscriptions import forget_subscriptions
from services.notifications.tables import (
    alert_audiences,
    alerts,
    audience_members,
    browsers,
    choices,
    deliveries,
    feed_keys,
    issue_tests,
    merged_choices,
    mutes,
    newsletter_readers,
    people,
    preferences,
    pushes,
    read_exceptions,
    read_marks,
    read_undos,
    returned_mails,
    subscriptions,
    summaries,
    summary_items,
    suppressions,
    webhook_attempts,
    webhook_deliveries,
)
from shared.boundary import forget_answers


async def forget(session: AsyncSession, person_id: str) -> None:
    """Delete everything about a person: record, audiences, choices, what they read, copies sent and to be sent.

    The newsletter that they get at the same address without their account goes with it.
    """
    address = select(func.lower(people.c.email)).where(people.c.id == person_id, people.c.email != "")
    same = select(newsletter_readers.c.id).where(func.lower(newsletter_readers.c.email) == address.scalar_subquery())
    others = list((await session.execute(same)).scalars())
    await _forget_answers_of_receivers(session, person_id)
    await _forget_address(session, person_id)
    for reader_id in (person_id, *others):
        await _forget_reader(session, reader_id)
    owned = select(subscriptions.c.id).where(subscriptions.c.owner_id == person_id)
    if ids := list((await session.execute(owned)).scalars()):
        await forget_subscriptions(session, ids)
    await session.execute(delete(alert_audiences).where(alert_audiences.c.audience == f"person:{person_id}"))
    await forget_answers(session, [person_id])
    forgotten(session, person_id)


async def _forget_reader(session: AsyncSession, person_id: str) -> None:
    """Everything that stands under one id."""
    owned = {
        people: people.c.id, audience_members: audience_members.c.person_id, mutes: mutes.c.person_id,
        choices: choices.c.person_id, preferences: preferences.c.person_id, read_marks: read_marks.c.person_id,
        read_exceptions: read_exceptions.c.person_id, newsletter_readers: newsletter_readers.c.id,
        deliveries: deliveries.c.reader_id, feed_keys: feed_keys.c.person_id, summaries: summaries.c.person_id,
        summary_items: summary_items.c.person_id, read_undos: read_undos.c.person_id, browsers: browsers.c.person_id,
        merged_choices: merged_choices.c.id,
    }  # fmt: skip
    theirs = select(browsers.c.id).where(browsers.c.person_id == person_id)
    await session.execute(delete(pushes).where(pushes.c.browser_id.in_(theirs)))
    for table, column in owned.items():
        await session.execute(delete(table).where(column == person_id))


async def _forget_address(session: AsyncSession, person_id: str) -> None:
    """What came back from their address, and the tests that they asked for."""
    address = select(func.lower(people.c.email)).where(people.c.id == person_id)
    for table in (returned_mails, suppressions):
        await session.execute(delete(table).where(table.c.address == address.scalar_subquery()))
    await session.execute(delete(issue_tests).where(issue_tests.c.by == person_id))


async def _forget_answers_of_receivers(session: AsyncSession, person_id: str) -> None:
    """What receivers of webhooks answered to messages about somebody, or with their name or address in it."""
    named = select(alerts.c.message_id).where(alerts.c.headline.contains(f"{{person:{person_id}}}", autoescape=True))
    sent = select(webhook_deliveries.c.number).where(webhook_deliveries.c.message_id.in_(named))
    person = (await session.execute(select(people.c.name, people.c.email).where(people.c.id == person_id))).first()
    told = (webhook_attempts.c.body.icontains(word, autoescape=True) for word in person or () if word)
    about = or_(webhook_attempts.c.delivery.in_(sent), *told)
    await session.execute(update(webhook_attempts).where(about).values(body="", headers={}))
