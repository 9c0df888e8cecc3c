"""Staff's own words in an issue, and what was announced of the same thing since they were written.

An item with words of staff's own keeps them, whatever becomes of what it tells of. So that a cancelled event is not
praised, staff are told what has changed and either take the new words or keep theirs; `own_of` is the newest message
that whoever wrote or kept them had seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.digest import is_of_one_thing
from services.notifications.headlines import filled, names_in
from services.notifications.tables import alerts

Said = Mapping[str, Any]


def has_own_words(item: Mapping[str, Any]) -> bool:
    """Whether staff wrote any of it."""
    return bool(item["own_headline"] or item["text"] or not item["message_id"])


async def changed_since(session: AsyncSession, items: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Item → what was announced last of its thing, where its words are staff's own and nobody has looked at that."""
    written = [item for item in items if has_own_words(item) and not item["dropped"]]
    newest = await newest_said(session, written)
    unseen = {
        item["id"]: newest[item["id"]] for item in written
        if item["id"] in newest and newest[item["id"]]["message_id"] != (item["own_of"] or item["message_id"])
    }  # fmt: skip
    people = await names_in(session, (said["headline"] for said in unseen.values()))
    return {
        item_id: {"message_id": said["message_id"], "text": filled(said["headline"], people), "time": said["time"]}
        for item_id, said in unseen.items()
    }


async def newest_said(session: AsyncSession, items: Sequence[Mapping[str, Any]]) -> dict[str, Said]:
    """Item → what was announced last of its thing; an item of staff's own has none before something is."""
    newest = {item["id"]: _told(item) for item in items if item["message_id"]}
    for row in await _announced(session, items):
        for item in items:
            if row["time"] > newest.get(item["id"], item)["time"] and _is_of(item, row):
                newest[item["id"]] = row
    return newest


def _told(item: Mapping[str, Any]) -> Said:
    """What the item itself tells: digest.py and overtaken.py keep it the last of its page."""
    return {"message_id": item["message_id"], "headline": item.get("said", item["headline"]), "time": item["time"]}


async def _announced(session: AsyncSession, items: Sequence[Mapping[str, Any]]) -> Sequence[Said]:
    """What was announced of these things since the first of them, in the order of time."""
    if not items:
        return ()
    a, since = alerts.c, min(item["time"] for item in items)
    pages = {item["path"] for item in items if is_of_one_thing(item)}
    networks = {item["network_id"] for item in items if item["network_id"]}
    of_these = or_(a.path.in_(pages), and_(a.network_id.in_(networks), _is_network_s_own()))
    query = select(a.message_id, a.headline, a.time, a.path, a.network_id)
    query = query.where(a.time > since, of_these, a.significance != "minor").order_by(a.time, a.offset)
    return [dict(row) for row in (await session.execute(query)).mappings()]


def _is_network_s_own() -> ColumnElement[bool]:
    """Whether an alert leads to a network's own page: what happened to the network as such is told there."""
    return and_(alerts.c.path.like("/networks/%"), alerts.c.path.not_like("/networks/%/%"))


def _is_of(item: Mapping[str, Any], row: Said) -> bool:
    """Whether *row* tells of the same event or poll, or of the network that the item is about."""
    if is_of_one_thing(item):
        return bool(row["path"] == item["path"])
    return bool(row["network_id"] and row["network_id"] == item["network_id"])
