"""Corrections: what an issue said turned out otherwise, and exactly those who were told it are told so.

Which items a copy held is recorded when the copy is taken (`deliveries.told`), so that a correction reaches those who
read what was wrong, and nobody else, whatever they have joined or left since. A draft needs none: its item changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.issues import NotPossibleNow, change_issue, locked
from services.notifications.commands.items import NoSuchItem
from services.notifications.delivery.rows import is_reader, readers_found
from services.notifications.digest import same_news
from services.notifications.editions import place_in_copies
from services.notifications.tables import corrections, deliveries, issue_items, issues, newsletter_readers
from shared import clock
from shared.auth import Principal
from shared.db import UtcDateTime, upsert
from shared.envelope import new_id

KIND = "correction"
"""Of the mail's delivery; its `thing` is the correction's id."""
FRESH = timedelta(days=28)
"""An issue older than this is not corrected by itself: its readers have long forgotten it."""


async def correct(
    session: AsyncSession, *, issue_id: str, item_id: str, text: str, by: Principal, message_id: str = ""
) -> int:
    """Tell those whose copy held an item what is right; returns how many. Raises NoSuchItem, NotPossibleNow."""
    issue = await locked(session, issue_id)
    if issue["pressed_at"] is None:
        raise NotPossibleNow(f"Issue {issue['number']} has not gone out; change the item itself.")
    place = await place_in_copies(session, issue_id, item_id)
    if place is None:
        raise NoSuchItem
    identity = new_id()
    row = {
        "id": identity, "issue_id": issue_id, "item_id": item_id, "message_id": message_id, "text": text,
        "by": by.person_id, "at": clock.now(),
    }  # fmt: skip
    await session.execute(insert(corrections), row)
    await _order(session, identity, issue_id, place)
    await change_issue(session, issue, by=by, reason="corrected")
    ordered = select(func.count()).where(deliveries.c.kind == KIND, deliveries.c.thing == identity)
    return int((await session.execute(ordered)).scalar_one())


async def _order(session: AsyncSession, identity: str, issue_id: str, place: int) -> None:
    """A copy for each reader who was told it and still takes the newsletter."""
    told = select(deliveries.c.reader_id).where(
        deliveries.c.kind == "newsletter", deliveries.c.thing == issue_id, deliveries.c.told.contains(f",{place},")
    )
    names = ["kind", "thing", "reader_id", "state", "attempts", "next_at", "holder", "repeated", "reason"]
    wanted = select(
        literal(KIND), literal(identity), newsletter_readers.c.id, literal("pending"), literal(0),
        literal(clock.now(), UtcDateTime()), literal(""), literal(False), literal(""),
    ).select_from(readers_found()).where(*is_reader(), newsletter_readers.c.id.in_(told))  # fmt: skip
    await session.execute(upsert(session, deliveries).from_select(names, wanted).on_conflict_do_nothing())


async def correct_what_was_told(session: AsyncSession, rows: Iterable[Mapping[str, Any]]) -> None:
    """Correct by itself what a major change (a gathering called off, say) makes wrong in an issue that went out."""
    for row in rows:
        if row["significance"] != "major" or row["path"].startswith("/networks/"):
            continue
        query = (
            select(issue_items.c.id, issue_items.c.issue_id)
            .join(issues, issues.c.id == issue_items.c.issue_id)
            .where(
                issue_items.c.same == same_news(row), issue_items.c.message_id != row["message_id"],
                issues.c.pressed_at > clock.now() - FRESH, ~issue_items.c.dropped,
            )
        )  # fmt: skip
        for item_id, issue_id in (await session.execute(query)).all():
            await correct(
                session, issue_id=issue_id, item_id=item_id, text=row["headline"], by=Principal(row["actor"]),
                message_id=row["message_id"],
            )  # fmt: skip
