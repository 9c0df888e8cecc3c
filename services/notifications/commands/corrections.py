"""Corrections: what an issue said turned out otherwise, and exactly those who were told it are told so.

Invariants:
1. Which items a copy held is recorded when the copy is taken (`deliveries.told`), and how many corrections of its issue
   it held when it is begun (`edition`). So a correction reaches those who read what was wrong, and nobody else,
   whatever they have joined or left since.
2. While an issue is going out, a copy that has not begun holds what is right. One that had begun is looked at again
   when it is taken: until no such copy can be left a correction is not settled.
3. A copy that goes twice, because nobody knows whether it had arrived, holds the same corrections both times.
4. An issue that has not gone out needs none: its item changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import exists, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.issues import NotPossibleNow, change_issue, locked
from services.notifications.commands.items import NoSuchItem
from services.notifications.delivery.rows import OPEN, is_reader, readers_found
from services.notifications.delivery.settling import settle
from services.notifications.letters.editions import place_in_copies
from services.notifications.tables import corrections, deliveries, newsletter_readers
from shared import clock
from shared.auth import Principal
from shared.db import UtcDateTime, upsert
from shared.envelope import new_id

KIND = "correction"
"""Of the mail's delivery; its `thing` is the correction's id."""
LONGEST_MARK = timedelta(minutes=2)
"""No transaction lasts as long, so after it every copy that began before a correction is seen to have begun."""
LONGEST_COPY = timedelta(days=1)
"""A copy that was begun and has not been heard of for so long has no sender any more."""


class Outcome(NamedTuple):
    """How many readers are told by mail, and how many copies have not gone and hold what is right."""

    readers: int
    to_come: int


async def correct(
    session: AsyncSession, *, issue_id: str, item_id: str, text: str, by: Principal, headline: str = "",
    message_id: str = "",
) -> Outcome:  # fmt: skip
    """Tell those whose copy held an item what is right. Raises NoSuchItem, NotPossibleNow."""
    issue = await locked(session, issue_id)
    await settle(session)
    if issue["pressed_at"] is None:
        raise NotPossibleNow(f"Issue {issue['number']} has not gone out; change the item itself.")
    if await place_in_copies(session, issue_id, item_id) is None:
        raise NoSuchItem
    row = {
        "id": new_id(), "issue_id": issue_id, "item_id": item_id, "message_id": message_id, "text": text,
        "headline": headline, "by": by.person_id, "at": clock.now(), "number": issue["corrected"] + 1,
        "settled": False,
    }  # fmt: skip
    await session.execute(insert(corrections), row)
    await change_issue(session, issue, by=by, reason="corrected", corrected=row["number"])
    await tell_those_told(session, row)
    readers = select(func.count()).where(deliveries.c.kind == KIND, deliveries.c.thing == row["id"])
    to_come = select(func.count()).where(_copies_of(row), deliveries.c.state.in_(OPEN))
    return Outcome((await session.execute(readers)).scalar_one(), (await session.execute(to_come)).scalar_one())


async def tell_those_told(session: AsyncSession, correction: Mapping[str, Any]) -> None:
    """Order the mail for each reader whose copy held the item without it; who has been ordered one gets no second."""
    place = await place_in_copies(session, correction["issue_id"], correction["item_id"])
    told = select(deliveries.c.reader_id).where(
        _copies_of(correction), deliveries.c.edition < correction["number"], deliveries.c.told.contains(f",{place},")
    )
    names = ["kind", "thing", "reader_id", "state", "attempts", "next_at", "holder", "repeated", "reason"]
    wanted = select(
        literal(KIND), literal(correction["id"]), newsletter_readers.c.id, literal("pending"), literal(0),
        literal(clock.now(), UtcDateTime()), literal(""), literal(False), literal(""),
    ).select_from(readers_found()).where(*is_reader(), newsletter_readers.c.id.in_(told))  # fmt: skip
    await session.execute(upsert(session, deliveries).from_select(names, wanted).on_conflict_do_nothing())


async def unsettled(session: AsyncSession) -> list[dict[str, Any]]:
    """Corrections of which somebody more may have to be told, the oldest first."""
    query = select(corrections).where(~corrections.c.settled).order_by(corrections.c.at)
    return [dict(row) for row in (await session.execute(query)).mappings()]


async def see_to(session: AsyncSession, correction: Mapping[str, Any]) -> None:
    """Tell those whose copy was taken since, and settle it where no copy without it is under way."""
    await settle(session)
    age = clock.now() - correction["at"]
    under_way = exists().where(
        _copies_of(correction), deliveries.c.state == "sending", deliveries.c.edition < correction["number"]
    )
    is_over = age > LONGEST_MARK and not (await session.execute(select(under_way))).scalar_one()
    await tell_those_told(session, correction)
    if is_over or age > LONGEST_COPY:
        mine = update(corrections).where(corrections.c.id == correction["id"])
        await session.execute(mine.values(settled=True))


def _copies_of(correction: Mapping[str, Any]) -> Any:
    return (deliveries.c.kind == "newsletter") & (deliveries.c.thing == correction["issue_id"])
