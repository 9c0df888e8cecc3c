"""Reading the newsletter: issues, their items as staff or one reader see them, true progress."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import network_names
from services.notifications.audience import routes_of, sentence
from services.notifications.choice import Choice, grouped, public
from services.notifications.commands.issues import NoSuchIssue
from services.notifications.delivery.rows import reader_count
from services.notifications.headlines import filled, names_in
from services.notifications.letters.editions import items_of
from services.notifications.letters.stationery import Stationery
from services.notifications.own_words import changed_since
from services.notifications.queries.offers import offers
from services.notifications.queries.preferences import muted_by
from services.notifications.tables import corrections, deliveries, issue_items, issues, people
from shared import clock
from shared.db import total_of

RATE_SECONDS = 10


async def issue_at(session: AsyncSession, issue_id: str) -> dict[str, Any]:
    """One issue without its items. Raises NoSuchIssue."""
    row = (await session.execute(_issues().where(issues.c.id == issue_id))).mappings().first()
    return await _counted(session, row)


async def sent_issue(session: AsyncSession, number: int) -> dict[str, Any]:
    """An issue that went out, or is going out: its copies lead here. Raises NoSuchIssue."""
    query = _issues().where(issues.c.number == number, issues.c.pressed_at.is_not(None))
    return await _counted(session, (await session.execute(query)).mappings().first())


def _issues() -> Any:
    approver, editor = people.alias("approver"), people.alias("editor")
    names = approver.c.name.label("approved_by_name"), editor.c.name.label("edited_by_name")
    found = select(issues, *names).outerjoin(approver, approver.c.id == issues.c.approved_by)
    return found.outerjoin(editor, editor.c.id == issues.c.edited_by)


async def _counted(session: AsyncSession, row: Any) -> dict[str, Any]:
    """Until it is pressed, an issue has as many readers as would get it now."""
    if row is None:
        raise NoSuchIssue
    readers = row["readers"] or (await reader_count(session) if row["status"] in {"draft", "approved"} else 0)
    names = {name: row[name] or "" for name in ("approved_by_name", "edited_by_name")}
    return {**row, "readers": readers, **names}


async def issues_page(
    session: AsyncSession, *, status: str, before: int | None, limit: int, q: str = ""
) -> tuple[list[dict[str, Any]], int]:
    """The newest issues of a status (or all), one more than *limit* where there are more, with a number below *before*
    where one is given; and how many there are in all.

    *q*: each of its words stands in the title or the introduction, or is the number.
    """
    conditions = [issues.c.status == status] if status else []
    conditions += [_has(word) for word in q.split()]
    query = _issues().where(*conditions).order_by(issues.c.number.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(issues.c.number < before)
    rows = (await session.execute(query)).mappings().all()
    total = await total_of(session, issues, conditions, rows, limit=limit, first=before is None)
    return [await _counted(session, row) for row in rows], total


def _has(word: str) -> ColumnElement[bool]:
    in_words = or_(*(text.icontains(word, autoescape=True) for text in (issues.c.title, issues.c.intro)))
    is_number = word.isascii() and word.isdigit() and len(word) < 10
    return or_(in_words, issues.c.number == int(word)) if is_number else in_words


async def all_items(session: AsyncSession, issue_id: str) -> list[dict[str, Any]]:
    """Every item for staff: pinned, then by care group and network; the dropped ones in their place."""
    items = await items_of(session, issue_id)
    corrected = await corrections_of(session, issue_id)
    issue = await issue_at(session, issue_id)
    offered = await offers(session, issue, items)
    since = await changed_since(session, items) if issue["pressed_at"] is None else {}
    numbered = await _numbered(session, [items[number] for number in grouped(items)])
    return [
        {
            **item,
            "corrections": corrected.get(item["id"], []),
            "offer": offered.get(item["id"]),
            "since": since.get(item["id"]),
            "changed_since": item["id"] in since,
        }
        for item in numbered
    ]


async def item_at(session: AsyncSession, issue_id: str, item_id: str) -> dict[str, Any]:
    """One item as staff see it. Raises NoSuchIssue."""
    await issue_at(session, issue_id)
    found = next((item for item in await all_items(session, issue_id) if item["id"] == item_id), None)
    if found is None:
        raise NoSuchIssue("This issue has no item with this id; load the issue again.")
    return found


async def mark_of(session: AsyncSession, issue_id: str) -> dict[str, Any]:
    """A word that is another whenever the desk would show something else. Raises NoSuchIssue."""
    issue = await issue_at(session, issue_id)
    i = issue_items.c
    rows = select(i.id, i.message_id, i.version, i.place, i.pinned, i.dropped).where(i.issue_id == issue_id)
    found = sorted(tuple(map(str, row)) for row in await session.execute(rows))
    seen = repr((issue["revision"], issue["status"], found))
    names = {name: issue[name] for name in ("status", "edited_by", "edited_by_name")}
    return {**names, "mark": blake2b(seen.encode(), digest_size=12).hexdigest()}


async def public_items(session: AsyncSession, issue_id: str, network: str = "") -> list[dict[str, Any]]:
    """The general edition: grouped by care group and network, in the order of each group's first item.

    With *network* (an id), the edition of that network: what concerns it. Each item has its corrections.
    """
    items = public(await items_of(session, issue_id))
    mine = [item for item in items if not network or f"network:{network}" in item["audiences"].split("\n")]
    corrected = await corrections_of(session, issue_id)
    return [{**item, "corrections": corrected.get(item["id"], [])} for item in await _numbered(session, mine)]


async def corrections_of(session: AsyncSession, issue_id: str) -> dict[str, list[dict[str, Any]]]:
    """Item → its corrections, oldest first, each with how many were told."""
    reached = (
        select(deliveries.c.thing, func.count().label("readers"))
        .where(deliveries.c.kind == "correction")
        .group_by(deliveries.c.thing)
        .subquery()
    )
    query = (
        select(corrections, func.coalesce(reached.c.readers, 0).label("readers"))
        .outerjoin(reached, reached.c.thing == corrections.c.id)
        .where(corrections.c.issue_id == issue_id)
    )
    rows = [dict(row) for row in (await session.execute(query.order_by(corrections.c.at))).mappings()]
    called = await names_in(session, (row["text"] for row in rows))
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["item_id"], []).append({**row, "text": filled(row["text"], called)})
    return found


async def items_for(session: AsyncSession, issue_id: str, reader_id: str) -> list[dict[str, Any]]:
    """The items of one reader's copy, each with why."""
    items = [item for item in await items_of(session, issue_id) if not item["dropped"]]
    routes = dict(await routes_of(session, reader_id))
    kept = {audience: route for audience, route in routes.items() if route not in {"person", "everyone"}}
    copy = Choice(items).copy_for(kept, await muted_by(session, reader_id))
    numbered = await _numbered(session, [items[n] for n in (*copy.first, *copy.near, *copy.rest)])
    for item in numbered:
        nearest = next((a for a in routes if a in item["told"]), "")
        item["why"] = (
            sentence(routes[nearest], nearest, item["network_name"]) if nearest else "for everybody's interest"
        )
    return numbered


async def _numbered(session: AsyncSession, items: Any) -> list[dict[str, Any]]:
    called = await network_names(session, (item["network_id"] for item in items))
    editors = await _names(session, {item["edited_by"] for item in items})
    return [
        {
            **item, "position": number, "network_name": called.get(item["network_id"], ""), "why": "",
            "told": set(item["audiences"].split("\n")), "edited_by_name": editors.get(item["edited_by"], ""),
        }
        for number, item in enumerate(items)
    ]  # fmt: skip


async def _names(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    rows = await session.execute(select(people.c.id, people.c.name).where(people.c.id.in_(ids)))
    return {row.id: row.name for row in rows}


async def progress_of(session: AsyncSession, stationery: Stationery, issue_id: str) -> dict[str, Any]:
    """How far the sending has come, counted from the copies themselves."""
    issue = await issue_at(session, issue_id)
    states = select(deliveries.c.state, func.count()).where(deliveries.c.thing == issue_id)
    counts = {row[0]: row[1] for row in await session.execute(states.group_by(deliveries.c.state))}
    total, sent = sum(counts.values()), counts.get("sent", 0)
    rate = await _rate(session, issue)
    bounced = counts.get("bounced", 0)
    left = total - sent - bounced - counts.get("refused", 0) - counts.get("deferred", 0)
    again = select(deliveries.c.reader_id).where(deliveries.c.thing == issue_id, deliveries.c.repeated)
    repeated = (await session.execute(again.order_by(deliveries.c.number).limit(500))).scalars()
    return {
        "status": issue["status"], "total": total, "sent": sent, "bounced": bounced,
        "refused": counts.get("refused", 0),
        "deferred": counts.get("deferred", 0), "waiting": left, "rate": rate,
        "repeated": [{"message_id": stationery.mail_id(issue_id, reader)} for reader in repeated],
        "seconds_left": round(left / rate, 1) if left and rate else (0.0 if not left else None),
    }  # fmt: skip


async def _rate(session: AsyncSession, issue: dict[str, Any]) -> float:
    """Copies a second, over the last ten seconds or since the press."""
    if issue["pressed_at"] is None:
        return 0.0
    since = max(clock.now() - timedelta(seconds=RATE_SECONDS), issue["pressed_at"])
    seconds = max((clock.now() - since).total_seconds(), 0.1)
    recent = select(func.count()).where(deliveries.c.thing == issue["id"], deliveries.c.sent_at >= since)
    count: int = (await session.execute(recent)).scalar_one()
    return float(round(count / seconds, 1))
