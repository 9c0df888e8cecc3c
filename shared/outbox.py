"""The outbox: a message commits with the rows that it tells of, or not at all.

`publish` is the one way to say something: it writes the history entry and the outbox row in the caller's
transaction. The relay carries the row to the log.

Order: a command locks the aggregate's row before it publishes, so that rows of one key get their numbers in the
order of their commits. Nothing reads the outbox by "greater than the last id".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text, insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.announcement import Announcement
from shared.contracts import Contract, State
from shared.db import UtcDateTime, kernel
from shared.envelope import Envelope, encode
from shared.hints import after_commit
from shared.history import write_history
from shared.logging import causation, correlation_id
from shared.made import Made
from shared.telemetry import traceparent
from shared.versions import write_versions

Number = BigInteger().with_variant(Integer(), "sqlite")

outbox = Table(
    "outbox",
    kernel,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("headers", LargeBinary, nullable=False),
    Column("value", LargeBinary),
    Column("written_at", UtcDateTime, nullable=False),
)

_ADD = Made(insert(outbox))


@dataclass(frozen=True, slots=True)
class Change:
    """A message together with what only the history keeps: why, and whether it is too small to announce."""

    envelope: Envelope
    reason: str
    minor: bool


def change(
    contract: Contract,
    state: State,
    *,
    key: str,
    before: dict[str, Any] | None = None,
    announcement: Announcement | None = None,
    actor: str = "",
    reason: str = "",
    minor: bool = False,
) -> Change:
    """The change that *state* came about by, ready to be published.

    *key* is the network's id where it concerns one network, else the aggregate's. *before* is the earlier state as
    `model_dump(mode="json")` gave it, or None for something new. A *minor* change is recorded and not announced.
    """
    after = state.model_dump(mode="json")
    told = None if minor or announcement is None else announcement.model_dump(mode="json")
    envelope = Envelope(
        topic=contract.topic, key=key, type=contract.type, source=f"/{contract.topic.split('.')[0]}",
        subject=state.id, revision=state.revision, actor=actor, correlationid=correlation_id(),
        causationid=causation.get(), traceparent=traceparent(),
        data={"state": after, "changes": difference(before or {}, after), "announcement": told},
    )  # fmt: skip
    return Change(envelope, reason, minor)


async def publish(session: AsyncSession, *changes: Change) -> None:
    """Record *changes* and say them: a history entry and an outbox row for each, in the transaction of *session*,
    and a version where versions are kept.

    Lock the aggregate's row first. The envelope's id is also the history entry's.
    """
    await write_history(session, [(c.envelope, c.reason, c.minor) for c in changes])
    await write_versions(session, [c.envelope for c in changes])
    await append(session, [c.envelope for c in changes])


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """Field → [before, after], for the fields that differ; `revision` tells nothing and is left out."""
    names = [name for name in after if name != "revision" and before.get(name) != after[name]]
    return {name: [before.get(name), after[name]] for name in names}


async def append(session: AsyncSession, envelopes: Sequence[Envelope]) -> None:
    """Add *envelopes* to the outbox in the transaction of *session*, and wake the relay after the commit.

    The session remembers what it said, for whoever takes it back (see shared/reach.py).
    """
    if not envelopes:
        return
    session.info.setdefault("said", []).extend(envelopes)
    await _ADD.insert(session, [outbox_row(envelope) for envelope in envelopes])
    wake = session.info.pop("wake_relay", None)
    if wake is not None:
        after_commit(session, wake)


def outbox_row(envelope: Envelope) -> dict[str, Any]:
    """The row that carries *envelope* to the log."""
    headers, value = encode(envelope)
    return {
        "topic": envelope.topic,
        "key": envelope.key,
        "headers": orjson.dumps([(name, content.decode()) for name, content in headers]),
        "value": value,
        "written_at": envelope.time,
    }
