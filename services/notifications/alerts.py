"""Telling: each announced change becomes one alert, stored once, with one row for each audience that it concerns.

Invariants:
1. Writes for one change are the same, whether an audience has ten members or a million. An inbox is a read.
2. Whoever has read up to offset p has been able to read everything up to p. A number from a sequence cannot promise
   that: on PostgreSQL a slow transaction may commit offset 7 after a quick one has committed 8, and a reader who
   stands at 8 never sees 7. So offsets come from the one row of `position`, by UPDATE … RETURNING in the transaction
   that stores the alerts: the row's lock is held until the commit, hence order of offsets = order of commits, and a
   rolled-back transaction gives its offsets back. The cost: batches of different processes wait for one another
   here. They are short, and the lock is taken last.
3. One message is one alert, also when it is delivered again.
4. The broadcast that follows the commit carries the alert, and is a hint: storage is the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Row, Select, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import reasons
from services.notifications.headlines import filled, names_in
from services.notifications.tables import alert_audiences, alert_contents, alerts, networks, position
from shared import clock
from shared.announcement import Announcement
from shared.contracts import membership
from shared.db import among, broadcast_after_commit, insert_rows, is_among, listed
from shared.envelope import Envelope
from shared.errors import BadRequest

# Asked for every change: made once, because making a statement costs more than its answer.
_ADD, _ADD_AUDIENCE, _COLUMNS = insert(alerts), insert(alert_audiences), tuple(alerts.columns.keys())
_TAKE = (
    update(position)
    .values(value=position.c.value + bindparam("count", type_=position.c.value.type))
    .returning(position.c.epoch, position.c.value, position.c.draft_id)
)


@cache
def _known(dialect: str) -> Select[str]:
    return select(alerts.c.message_id).where(is_among(dialect, alerts.c.message_id, "ids"))


@cache
def _called(dialect: str) -> Select[str, str]:
    return select(networks.c.id, networks.c.name).where(is_among(dialect, networks.c.id, "ids"))


class WrongPosition(BadRequest):
    """This is not a position of this inbox; use the `position` that /api/alerts gave."""


async def tell(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Store an alert for each of *messages* that is announced to somebody."""
    announced = await _not_told_yet(session, _announced(messages))
    if not announced:
        return
    care_groups = await _care_groups(session, [said for _, said in announced])
    place = await taken(session, len(announced))
    before = place.value - len(announced)
    rows = [
        _alert(offset, message, said, care_groups) for offset, (message, said) in enumerate(announced, start=before + 1)
    ]
    await session.execute(_ADD, [{name: row[name] for name in _COLUMNS} for row in rows])
    await session.execute(
        _ADD_AUDIENCE, [{"audience": a, "offset": row["offset"]} for row in rows for a in row["audiences"]]
    )
    contents = [_content(row["offset"], message) for row, (message, _) in zip(rows, announced, strict=True)]
    await insert_rows(session, alert_contents, contents)
    for wire in await wires(session, rows, epoch=place.epoch):
        broadcast_after_commit(session, "alerts", orjson.dumps(wire, option=orjson.OPT_UTC_Z))


async def told_of(session: AsyncSession, messages: Sequence[Envelope]) -> list[dict[str, Any]]:
    """The alerts that *messages* became, oldest first, with their `audiences` and the `source` of each."""
    sources = {message.id: message.source for message in messages}
    query = select(alerts).where(among(session, alerts.c.message_id, list(sources))).order_by(alerts.c.offset)
    rows = [dict(row) for row in (await session.execute(query)).mappings()]
    audiences = await _audiences(session, [row["offset"] for row in rows])
    return [{**row, "source": sources[row["message_id"]], "audiences": audiences[row["offset"]]} for row in rows]


async def described(session: AsyncSession, messages: Sequence[Envelope]) -> list[dict[str, Any]]:
    """The alerts that *messages* would be, with their `audiences`; nothing is stored, and offsets count from 1."""
    announced = _announced(messages)
    care_groups = await _care_groups(session, [said for _, said in announced])
    return [_alert(offset, message, said, care_groups) for offset, (message, said) in enumerate(announced, start=1)]


async def taken(session: AsyncSession, count: int) -> Row[Any]:
    """Take *count* offsets and hold the lock: (epoch, value, draft_id), where `value` is the last of them."""
    return (await session.execute(_TAKE, {"count": count})).one()


async def head(session: AsyncSession) -> tuple[str, int]:
    """The epoch, and the offset of the newest alert."""
    row = (await session.execute(select(position.c.epoch, position.c.value))).one()
    return row.epoch, row.value


def offset_in(text: str, epoch: str) -> int:
    """The offset of a position `epoch-offset`. Raises WrongPosition."""
    said, _, number = text.rpartition("-")
    if said != epoch or not number.isascii() or not number.isdigit() or len(number) > 18:
        raise WrongPosition
    return int(number)


async def wires(session: AsyncSession, rows: Iterable[dict[str, Any]], *, epoch: str) -> list[dict[str, Any]]:
    """What travels to the open streams: the alert with its names filled in, whom it concerns, and why."""
    rows = list(rows)
    people = await names_in(session, (row["headline"] for row in rows))
    told = [a.removeprefix("network:") for row in rows for a in row["audiences"] if a.startswith("network:")]
    called = await network_names(session, [*told, *(row["network_id"] for row in rows)])
    return [
        {
            "offset": row["offset"], "epoch": epoch, "audiences": row["audiences"], "actor": row["actor"],
            "alert": shown(row, epoch=epoch, people=people, networks=called),
            "reasons": reasons(row["audiences"], called),
        }
        for row in rows
    ]  # fmt: skip


def shown(row: Any, *, epoch: str, people: dict[str, str], networks: dict[str, str]) -> dict[str, Any]:
    """An alert as everybody may see it, without what is one reader's own."""
    return {
        "id": row["message_id"], "message_id": row["message_id"], "type": row["type"],
        "headline": filled(row["headline"], people), "category": row["category"], "care_group": row["care_group"],
        "significance": row["significance"], "path": row["path"], "time": row["time"], "network_id": row["network_id"],
        "network_name": networks.get(row["network_id"], ""), "position": f"{epoch}-{row['offset']}",
    }  # fmt: skip


async def network_names(session: AsyncSession, ids: Iterable[str]) -> dict[str, str]:
    """Network id → name."""
    wanted = set(filter(None, ids))
    if not wanted:
        return {}
    dialect = session.get_bind().dialect.name
    return dict((await session.execute(_called(dialect), {"ids": listed(dialect, list(wanted))})).all())


async def wires_after(session: AsyncSession, *, after: int, limit: int) -> list[dict[str, Any]]:
    """The wires of everybody after an offset, oldest first."""
    epoch, _ = await head(session)
    query = select(alerts).where(alerts.c.offset > after).order_by(alerts.c.offset).limit(limit)
    rows = [dict(row) for row in (await session.execute(query)).mappings()]
    audiences = await _audiences(session, [row["offset"] for row in rows])
    return await wires(session, [{**row, "audiences": audiences[row["offset"]]} for row in rows], epoch=epoch)


async def _audiences(session: AsyncSession, offsets: Sequence[int]) -> dict[int, list[str]]:
    told, found = alert_audiences.c, {offset: list[str]() for offset in offsets}
    query = select(told.audience, told.offset).where(among(session, told.offset, offsets))
    for audience, offset in await session.execute(query):
        found[offset].append(audience)
    return found


Announced = list[tuple[Envelope, Announcement]]


def _announced(messages: Sequence[Envelope]) -> Announced:
    return [(message, said) for message in messages if (said := message.announcement) and said.concerns.audiences()]


async def _not_told_yet(session: AsyncSession, announced: Announced) -> Announced:
    """The inbox has sifted the repeated already; this holds also after the inbox was emptied for a rebuild."""
    if not announced:
        return []
    dialect = session.get_bind().dialect.name
    ids = listed(dialect, [message.id for message, _ in announced])
    known = set((await session.execute(_known(dialect), {"ids": ids})).scalars())
    return [(message, said) for message, said in announced if message.id not in known]


async def _care_groups(session: AsyncSession, announced: Iterable[Announcement]) -> dict[str, str]:
    """Network id → care group, for those announcements that do not say."""
    ids = {a.concerns.networks[0] for a in announced if a.concerns.networks and not a.concerns.care_groups}
    if not ids:
        return {}
    rows = await session.execute(select(networks.c.id, networks.c.care_group).where(networks.c.id.in_(ids)))
    return {row.id: row.care_group for row in rows}


def _alert(offset: int, message: Envelope, said: Announcement, care_groups: dict[str, str]) -> dict[str, Any]:
    network_id = said.network
    groups = said.concerns.care_groups
    return {
        "offset": offset, "message_id": message.id, "type": message.type, "headline": said.headline,
        "category": said.category, "significance": said.significance, "path": said.path, "time": message.time,
        "network_id": network_id, "care_group": groups[0] if groups else care_groups.get(network_id, ""),
        "actor": message.actor, "stored_at": clock.now(), "audiences": said.concerns.audiences(),
        "source": message.source,
    }  # fmt: skip


def _content(offset: int, message: Envelope) -> dict[str, Any]:
    """What programs are sent beside the headline; nothing of the topic that holds personal data."""
    open_ = {} if message.topic == membership.PEOPLE.name else message.data or {}
    data = {name: open_.get(name) or {} for name in ("state", "changes")}
    return {"offset": offset, "subject": message.subject, "revision": message.revision, "data": data}
