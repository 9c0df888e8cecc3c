"""The newsletter drafts itself: what is announced becomes an item of the open draft, right after it was told.

Invariants:
1. The same is said once: of the same network, in the same words, or of the same page (an event that was planned,
   moved and cancelled), only the last. What staff did with the item stays.
2. What concerns single people or staff alone never becomes an item; discussions reach only those whom they concern.
3. An approved issue takes no more items. Drafting and approving both hold the lock of `position`, so an alert
   stands either in the issue that was approved or in the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Insert, case, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import taken
from services.notifications.tables import alert_audiences, alerts, issue_items, issues, position
from shared import clock
from shared.envelope import new_id

WEEK = timedelta(days=7)
_OPEN_KINDS = ("network:", "body:", "care_group:", "everyone")


async def add_to_draft(session: AsyncSession, told: Sequence[Mapping[str, Any]]) -> None:
    """Add the alerts *told* to the open draft, which begins with the first item after the last approval."""
    rows = news_among(told)
    if rows:
        place = await taken(session, 0)
        await _add(session, place.draft_id or await _begin_draft(session), rows)


def news_among(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of new alerts that the newsletter tells; it does not tell of itself."""
    return [row for row in rows if row["source"] != "/notifications" and _is_news(row)]


async def draft(session: AsyncSession) -> str:
    """The id of the open draft, begun where there is none, with all that the week has brought."""
    place = await taken(session, 0)
    draft_id = place.draft_id or await _begin_draft(session)
    await _add(session, draft_id, await _told_this_week(session, draft_id))
    return draft_id


async def close_draft(session: AsyncSession, issue_id: str | None = None) -> None:
    """Let what comes from now on go into the next issue; with *issue_id*, only where that is the open draft."""
    await taken(session, 0)
    only = [] if issue_id is None else [position.c.draft_id == issue_id]
    await session.execute(update(position).where(*only).values(draft_id=""))


async def _begin_draft(session: AsyncSession) -> str:
    """A new draft; the caller holds the lock of `position`, so there is never a second one."""
    number = (await session.execute(select(func.coalesce(func.max(issues.c.number), 0) + 1))).scalar_one()
    today = clock.today()
    values = {
        "id": new_id(), "revision": 1, "number": number, "title": f"Networks this week, {today:%-d %B %Y}",
        "intro": "", "status": "draft", "week_from": today - WEEK + timedelta(days=1), "week_to": today,
        "readers": 0, "approved_by": "", "created_at": clock.now(),
    }  # fmt: skip
    await session.execute(insert(issues), values)
    await session.execute(update(position).values(draft_id=values["id"]))
    return str(values["id"])


def _is_news(row: Mapping[str, Any]) -> bool:
    is_open = any(audience.startswith(_OPEN_KINDS) for audience in row["audiences"])
    return is_open and row["significance"] != "minor" and row["time"] > clock.now() - WEEK


async def _told_this_week(session: AsyncSession, draft_id: str) -> list[dict[str, Any]]:
    """What was told in the last week and stands in no other issue."""
    withdrawn = select(issues.c.id).where(issues.c.status == "cancelled", issues.c.pressed_at.is_(None))
    elsewhere = select(issue_items.c.message_id).where(
        issue_items.c.issue_id != draft_id, issue_items.c.issue_id.not_in(withdrawn)
    )
    recent = select(alerts).where(alerts.c.time > clock.now() - WEEK, alerts.c.message_id.not_in(elsewhere))
    recent = recent.where(alerts.c.path.not_like("/newsletter/%"))
    rows = [dict(row) for row in (await session.execute(recent.order_by(alerts.c.time))).mappings()]
    told: dict[int, list[str]] = {row["offset"]: [] for row in rows}
    audiences = alert_audiences.join(alerts, alerts.c.offset == alert_audiences.c.offset)
    since = select(alert_audiences).select_from(audiences).where(alerts.c.time > clock.now() - WEEK)
    for audience, offset in await session.execute(since):
        if offset in told:
            told[offset].append(audience)
    return [row for row in ({**row, "audiences": told[row["offset"]]} for row in rows) if _is_news(row)]


async def _add(session: AsyncSession, issue_id: str, rows: Iterable[Mapping[str, Any]]) -> None:
    items: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["time"]):
        item = _item(issue_id, row)
        items[item["same"]] = item
    if not items:
        return
    await session.execute(_newest_of_same(session.get_bind().dialect.name), list(items.values()))


@cache
def _newest_of_same(dialect: str) -> Insert:
    new: Any = postgresql.insert(issue_items) if dialect == "postgresql" else sqlite.insert(issue_items)
    told = ("message_id", "headline", "category", "significance", "path", "time", "audiences")
    is_later = new.excluded.time >= issue_items.c.time
    same: Insert = new.on_conflict_do_update(
        index_elements=[issue_items.c.issue_id, issue_items.c.same],
        set_={name: case((is_later, new.excluded[name]), else_=issue_items.c[name]) for name in told},
    )
    return same


def _item(issue_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("message_id", "headline", "category", "significance", "path", "time", "network_id", "care_group")
    return {
        **{name: row[name] for name in names}, "id": new_id(), "issue_id": issue_id, "same": same_news(row),
        "audiences": "\n".join(row["audiences"]), "place": None, "pinned": False, "dropped": False, "text": "",
    }  # fmt: skip


def same_news(row: Mapping[str, Any]) -> str:
    """What two items must share to be the same news.

    A network's own page tells of many things, so there the words decide; any other page (an event, a poll) is one
    thing, whose last state is what readers need.
    """
    if not is_of_one_thing(row):
        return f"{row['network_id']}|{row['category']}|{row['headline']}"
    path, _, _ = row["path"].partition("#")
    return f"{row['category']}|{path}"


def is_of_one_thing(row: Mapping[str, Any]) -> bool:
    """Whether its page is that of one thing, not of a network or a list."""
    path, _, _ = row["path"].partition("#")
    return not path.startswith("/networks/") and path.count("/") > 1
