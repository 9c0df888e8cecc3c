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
from typing import Any

import orjson
from sqlalchemy import Select, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import reasons
from services.notifications.headlines import filled, names_in
from services.notifications.tables import alert_audiences, alert_contents, alerts, networks, position
from shared import clock
from shared.announcement import Announcement
from shared.contracts import membership
from shared.db import is_among, listed
from shared.envelope import Envelope
from shared.errors import BadRequest
from shared.hints import broadcast_after_commit
from shared.inbox import inbox
from shared.made import Made
from shared.rows import insert_rows

# Asked for every change: made once, because making a statement costs more than its answer.
_ADD_AUDIENCE, _COLUMNS = Made(insert(alert_audiences)), tuple(str(column.name) for column in alerts.columns)
_TAKE = Made(
    update(position)
    .prefix_with("/* one row */", dialect="sqlite")
    .values(value=position.c.value + bindparam("count", type_=position.c.value.type))
    .returning(position.c.epoch, position.c.value, position.c.draft_id)
)


Known = dict[str, tuple[str, str]]
"""A network's id → its name and care group."""


def _asked(dialect: str) -> Select[str, str, str]:
    return select(networks.c.id, networks.c.name, networks.c.care_group).where(is_among(dialect, networks.c.id, "ids"))


def _told(dialect: str) -> Select[Any]:
    query = select(alerts).outerjoin(inbox, inbox.c.message_id == alerts.c.message_id)
    is_new = func.coalesce(inbox.c.handled_at, alerts.c.stored_at) <= alerts.c.stored_at
    return query.where(is_among(dialect, alerts.c.message_id, "ids"), is_new).order_by(alerts.c.offset)


def _audiences(dialect: str) -> Select[str, int]:
    told = alert_audiences.c
    return select(told.audience, told.offset).where(is_among(dialect, told.offset, "offsets"))


_ASKED, _TOLD, _AUDIENCES = Made(_asked), Made(_told), Made(_audiences)
_HEAD = Made(select(position.c.epoch, position.c.value))


class WrongPosition(BadRequest):
    """This is not a position of this inbox; use the `position` that /api/alerts gave."""


async def tell(session: AsyncSession, messages: Sequence[Envelope]) -> None:
    """Store an alert for each of *messages* that is announced to somebody."""
    announced = _announced(messages)
    if not announced:
        return
    known = await _networks_of(session, [said for _, said in announced])
    place = await taken(session, len(announced))
    first = place.value - len(announced) + 1
    rows = [_alert(offset, message, said, known) for offset, (message, said) in enumerate(announced, start=first)]
    new = await _stored(session, rows)
    if not new:
        return
    told = [{"audience": a, "offset": row["offset"]} for row in new for a in row["audiences"]]
    await _ADD_AUDIENCE.insert(session, told)
    for wire in await _wires(session, new, epoch=place.epoch, known=known):
        broadcast_after_commit(session, "alerts", orjson.dumps(wire, option=orjson.OPT_UTC_Z))


async def _stored(session: AsyncSession, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Store alerts; returns those that were not told before.

    The inbox has sifted the repeated already; this holds also where it has forgotten them.
    """
    stored = [{name: row[name] for name in _COLUMNS} for row in rows]
    tail = 'ON CONFLICT (message_id) DO NOTHING RETURNING "offset"'
    new = {offset for (offset,) in await insert_rows(session, alerts, stored, tail)}
    return [row for row in rows if row["offset"] in new]


async def told_of(session: AsyncSession, messages: Sequence[Envelope]) -> list[dict[str, Any]]:
    """The alerts that *messages* became, oldest first, with their `audiences` and the `source` of each.

    One that was told long before the inbox took its message is left out: the inbox had forgotten it.
    """
    sources = {message.id: message.source for message in messages}
    ids = listed(session, sources)
    rows = [row._asdict() for row in await _TOLD.rows(session, {"ids": ids})]
    audiences = await audiences_of(session, [row["offset"] for row in rows])
    return [{**row, "source": sources[row["message_id"]], "audiences": audiences[row["offset"]]} for row in rows]


async def keep_contents(session: AsyncSession, told: Sequence[dict[str, Any]], messages: Sequence[Envelope]) -> None:
    """Keep what programs are sent of *messages*, which became the alerts *told*; nobody who looks at pages needs it."""
    by_id = {message.id: message for message in messages}
    rows = [_content(row["offset"], by_id[row["message_id"]]) for row in told]
    await insert_rows(session, alert_contents, rows, "ON CONFLICT DO NOTHING")


async def described(session: AsyncSession, messages: Sequence[Envelope]) -> list[dict[str, Any]]:
    """The alerts that *messages* would be, with their `audiences`; nothing is stored, and offsets count from 1."""
    announced = _announced(messages)
    known = await _networks_of(session, [said for _, said in announced])
    return [_alert(offset, message, said, known) for offset, (message, said) in enumerate(announced, start=1)]


async def taken(session: AsyncSession, count: int) -> Any:
    """Take *count* offsets and hold the lock: (epoch, value, draft_id), where `value` is the last of them."""
    (row,) = await _TAKE.rows(session, {"count": count})
    return row


async def head(session: AsyncSession) -> tuple[str, int]:
    """The epoch, and the offset of the newest alert."""
    (row,) = await _HEAD.rows(session, {})
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
    told = [a.removeprefix("network:") for row in rows for a in row["audiences"] if a.startswith("network:")]
    known = await _known(session, [*told, *(row["network_id"] for row in rows)])
    return await _wires(session, rows, epoch=epoch, known=known)


async def _wires(
    session: AsyncSession, rows: Sequence[dict[str, Any]], *, epoch: str, known: Known
) -> list[dict[str, Any]]:
    people = await names_in(session, (row["headline"] for row in rows))
    called = {id_: name for id_, (name, _) in known.items()}
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
    return {id_: name for id_, (name, _) in (await _known(session, ids)).items()}


async def wires_after(session: AsyncSession, *, after: int, limit: int) -> list[dict[str, Any]]:
    """The wires of everybody after an offset, oldest first."""
    epoch, _ = await head(session)
    query = select(alerts).where(alerts.c.offset > after).order_by(alerts.c.offset).limit(limit)
    rows = [dict(row) for row in (await session.execute(query)).mappings()]
    audiences = await audiences_of(session, [row["offset"] for row in rows])
    return await wires(session, [{**row, "audiences": audiences[row["offset"]]} for row in rows], epoch=epoch)


async def audiences_of(session: AsyncSession, offsets: Sequence[int]) -> dict[int, list[str]]:
    """Offset → the audiences that its alert was told to."""
    found = {offset: list[str]() for offset in offsets}
    asked = {"offsets": listed(session, offsets)}
    for audience, offset in await _AUDIENCES.rows(session, asked):
        found[offset].append(audience)
    return found


Announced = list[tuple[Envelope, Announcement]]


def _announced(messages: Sequence[Envelope]) -> Announced:
    return [(message, said) for message in messages if (said := message.announcement) and said.concerns.audiences()]


async def _networks_of(session: AsyncSession, announced: Sequence[Announcement]) -> Known:
    """What is known of the networks that are told or told of."""
    return await _known(session, [network for said in announced for network in (*said.concerns.networks, said.network)])


async def _known(session: AsyncSession, ids: Iterable[str]) -> Known:
    wanted = set(filter(None, ids))
    if not wanted:
        return {}
    rows = await _ASKED.rows(session, {"ids": listed(session, wanted)})
    return {id_: (name, care_group) for id_, name, care_group in rows}


def _alert(offset: int, message: Envelope, said: Announcement, known: Known) -> dict[str, Any]:
    network_id = said.network
    groups = said.concerns.care_groups
    own = known.get(network_id, ("", ""))[1] if said.concerns.networks else ""
    return {
        "offset": offset, "message_id": message.id, "type": message.type, "headline": said.headline,
        "category": said.category, "significance": said.significance, "path": said.path, "time": message.time,
        "network_id": network_id, "care_group": groups[0] if groups else own,
        "actor": message.actor, "stored_at": clock.now(), "audiences": said.concerns.audiences(),
        "source": message.source,
    }  # fmt: skip


def _content(offset: int, message: Envelope) -> dict[str, Any]:
    """What programs are sent beside the headline; nothing of the topic that holds personal data."""
    open_ = {} if message.topic == membership.PEOPLE.name else message.data or {}
    data = {name: open_.get(name) or {} for name in ("state", "changes")}
    return {"offset": offset, "subject": message.subject, "revision": message.revision, "data": data}
