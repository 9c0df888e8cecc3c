"""Dead letters: messages that a handler could not take, and those of the same key that wait behind them.

Invariants:
1. A message that failed for good is kept here and sent to `<topic>.<group>.dlt` through the outbox, in one
   transaction; only then is its offset committed.
2. Its key is parked: later messages of that key wait here in order, every other key flows on.
3. A replay takes the letters of a key in order, in one transaction that also takes the key out of parking; when
   one fails again, nothing has changed but its reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import orjson
import structlog
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.away import is_away
from shared.db import Database, UtcDateTime, kernel, upsert
from shared.envelope import Envelope, decode
from shared.inbox import mark_parked
from shared.log import Record
from shared.made import Made
from shared.outbox import Number, outbox

log = structlog.get_logger()
parked_keys = Table(
    "parked_keys",
    kernel,
    Column("topic", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("replay", Boolean, nullable=False, default=False, comment="somebody asked for another try"),
)

dead_letters = Table(
    "dead_letters",
    kernel,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("message_id", Text, nullable=False, index=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("headers", LargeBinary, nullable=False),
    Column("value", LargeBinary),
    Column("reason", Text, nullable=False),
    Column("handler", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", Text, nullable=False, comment="waiting, replayed or discarded"),
    Column("since", UtcDateTime, nullable=False),
)

_PARKED = Made(select(parked_keys.c.topic, parked_keys.c.key).with_for_update(read=True))
_TO_REPLAY = select(parked_keys.c.topic, parked_keys.c.key).where(parked_keys.c.replay).order_by(parked_keys.c.since)

Take = Callable[[AsyncSession, Envelope], Awaitable[None]]


def dead_letter_topic(topic: str, group: str) -> str:
    """Where the messages that *group* could not take from *topic* go."""
    return f"{topic}.{group}.dlt"


async def parked(session: AsyncSession) -> set[tuple[str, str]]:
    """The (topic, key) pairs that are parked; locked against a replay's end where rows can be locked."""
    return {(topic, key) for topic, key in await _PARKED.rows(session, {})}


async def park(
    session: AsyncSession,
    group: str,
    record: Record,
    *,
    message_id: str,
    reason: str,
    handler: str = "",
    attempts: int = 0,
) -> None:
    """Keep *record* as a dead letter, park its key, and send a copy to the dead-letter topic."""
    key = upsert(session, parked_keys).on_conflict_do_nothing()
    await session.execute(key, {"topic": record.topic, "key": record.key, "since": clock.now(), "replay": False})
    headers = [(name, content.decode("utf-8", "replace")) for name, content in record.headers]
    letter = {
        "message_id": message_id, "topic": record.topic, "key": record.key, "partition": record.partition,
        "offset": record.offset, "headers": orjson.dumps(headers), "value": record.value, "reason": reason[:2000],
        "handler": handler, "attempts": attempts, "state": "waiting", "since": clock.now(),
    }  # fmt: skip
    await session.execute(insert(dead_letters).values(letter))
    await mark_parked(session, [message_id])
    await session.execute(insert(outbox).values(_copy(group, record, headers, letter)))


def _copy(group: str, record: Record, headers: list[tuple[str, str]], letter: dict[str, object]) -> dict[str, object]:
    told = ("reason", "handler", "attempts", "topic", "partition", "offset")
    marks = [(f"dlt_{name}", str(letter[name])) for name in told]
    return {
        "topic": dead_letter_topic(record.topic, group), "key": record.key, "value": record.value,
        "headers": orjson.dumps(headers + marks), "written_at": clock.now(),
    }  # fmt: skip


async def ask_for_replay(session: AsyncSession, *, topic: str | None = None, key: str | None = None) -> int:
    """Mark parked keys (all, or of one topic, or one key) for another try; returns how many."""
    query = update(parked_keys).values(replay=True)
    if topic is not None:
        query = query.where(parked_keys.c.topic == topic)
    if key is not None:
        query = query.where(parked_keys.c.key == key)
    result = await session.execute(query)
    return int(getattr(result, "rowcount", 0))


async def keys_to_replay(session: AsyncSession) -> list[tuple[str, str]]:
    """The (topic, key) pairs that somebody asked to replay, oldest first."""
    return [(topic, key) for topic, key in await session.execute(_TO_REPLAY)]


async def replay_key(session: AsyncSession, topic: str, key: str, take: Take) -> list[str]:
    """Hand the letters of one key to *take* in order and unpark the key; returns the messages' ids."""
    mine = (parked_keys.c.topic == topic, parked_keys.c.key == key)
    await session.execute(select(parked_keys.c.key).where(*mine).with_for_update())
    query = select(dead_letters).where(
        dead_letters.c.topic == topic, dead_letters.c.key == key, dead_letters.c.state == "waiting"
    )
    letters = (await session.execute(query.order_by(dead_letters.c.number))).all()
    for letter in letters:
        headers = tuple((name, text.encode()) for name, text in orjson.loads(letter.headers))
        await take(session, decode(topic, key, headers, letter.value))
    numbers = [letter.number for letter in letters]
    await session.execute(update(dead_letters).where(dead_letters.c.number.in_(numbers)).values(state="replayed"))
    await session.execute(delete(parked_keys).where(*mine))
    message_ids = [letter.message_id for letter in letters]
    await mark_parked(session, message_ids, "handled")
    return message_ids


async def replay_failed(session: AsyncSession, topic: str, key: str, reason: str) -> None:
    """Leave the key parked, with the newest reason on its first waiting letter."""
    await session.execute(
        update(parked_keys).where(parked_keys.c.topic == topic, parked_keys.c.key == key).values(replay=False)
    )
    first = select(func.min(dead_letters.c.number)).where(
        dead_letters.c.topic == topic, dead_letters.c.key == key, dead_letters.c.state == "waiting"
    )
    change = {"reason": reason[:2000], "attempts": dead_letters.c.attempts + 1}
    await session.execute(update(dead_letters).where(dead_letters.c.number == first.scalar_subquery()).values(change))


async def replay_asked(database: Database, group: str, take: Take) -> None:
    """Hand the keys that somebody asked to replay to *take*, each in its own transaction."""
    async with database.reading() as session:
        keys = await keys_to_replay(session)
    for topic, key in keys:
        try:
            async with database.transaction() as session:
                replayed = await replay_key(session, topic, key, take)
            log.info("key_replayed", group=group, topic=topic, key=key, messages=len(replayed))
        except Exception as error:
            if is_away(error):
                raise
            async with database.transaction() as session:
                await replay_failed(session, topic, key, f"{type(error).__name__}: {error}")


async def waiting_letters(session: AsyncSession, *, limit: int = 100) -> Sequence[dict[str, object]]:
    """The dead letters that wait, oldest first, without their content."""
    columns = [column for column in dead_letters.c if column.name not in {"headers", "value"}]
    query = select(*columns).where(dead_letters.c.state == "waiting").order_by(dead_letters.c.number).limit(limit)
    return [dict(row) for row in (await session.execute(query)).mappings()]
