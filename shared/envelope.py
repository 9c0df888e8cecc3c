"""The envelope: CloudEvents 1.0 in Kafka's binary mode, mapped by hand.

Attributes travel as headers (`ce_id`, `ce_type`, …), the data as the JSON value. A record without a value is
a tombstone: the key's earlier records may be forgotten, and what they said of a person must be.

By hand, because it costs half a microsecond where the SDK costs ten; the SDK reads our records in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson
from uuid_utils import uuid7

from shared import clock
from shared.announcement import Announcement
from shared.errors import Problem

CONTENT_TYPE = b"application/json"
_ATTRIBUTES = (
    "id",
    "type",
    "source",
    "subject",
    "time",
    "correlationid",
    "causationid",
    "actor",
    "revision",
    "traceparent",
)
Headers = tuple[tuple[str, bytes], ...]


class UnreadableMessage(Problem):
    """The record is not a CloudEvents message; look at its headers and value in the failure desk."""

    status = 422
    title = "The message could not be read"


def new_id() -> str:
    """A new UUIDv7 (RFC 9562): unique, and sorting by the time it was made, also where the clock was moved."""
    if not clock.is_moved():
        return str(uuid7())
    moment = clock.now()
    return str(uuid7(nanoseconds=int(moment.timestamp()) * 10**9 + moment.microsecond * 1000))


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message. `data` is None for a tombstone, else `{"state", "changes", "announcement"}`."""

    topic: str
    key: str
    type: str
    source: str
    subject: str
    data: dict[str, Any] | None
    revision: int = 0
    id: str = field(default_factory=new_id)
    time: datetime = field(default_factory=clock.now)
    correlationid: str = ""
    causationid: str = ""
    actor: str = ""
    traceparent: str = ""

    @property
    def state(self) -> dict[str, Any]:
        """The aggregate's full public state after the change; empty for a tombstone."""
        return (self.data or {}).get("state") or {}

    @property
    def announcement(self) -> Announcement | None:
        """How to tell of the change, or None where it is recorded and not told."""
        announced = (self.data or {}).get("announcement")
        return Announcement.model_validate(announced) if announced else None

    def for_topic(self, topic: str) -> Envelope:
        """The same message, bound for another topic."""
        return replace(self, topic=topic)


def encode(envelope: Envelope) -> tuple[Headers, bytes | None]:
    """The record's headers and value."""
    headers = [("ce_specversion", b"1.0"), ("content-type", CONTENT_TYPE)]
    for name in _ATTRIBUTES:
        value = getattr(envelope, name)
        if value not in ("", None):
            headers.append((f"ce_{name}" if name != "traceparent" else name, _text(value)))
    return tuple(headers), None if envelope.data is None else orjson.dumps(envelope.data)


def _text(value: str | int | datetime) -> bytes:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z").encode()
    return str(value).encode()


def decode(topic: str, key: str, headers: Headers, value: bytes | None) -> Envelope:
    """Read a record back. Raises UnreadableMessage where an attribute is missing or the value is no JSON object."""
    said = {name: content.decode("utf-8", "replace") for name, content in headers}
    try:
        data = None if value is None else orjson.loads(value)
        if data is not None and not isinstance(data, dict):
            raise ValueError("the value is not a JSON object")
        return Envelope(
            topic=topic, key=key, data=data, id=said["ce_id"], type=said["ce_type"], source=said["ce_source"],
            subject=said.get("ce_subject", key), time=datetime.fromisoformat(said["ce_time"]),
            revision=int(said.get("ce_revision", 0)), correlationid=said.get("ce_correlationid", ""),
            causationid=said.get("ce_causationid", ""), actor=said.get("ce_actor", ""),
            traceparent=said.get("traceparent") or said.get("ce_traceparent", ""),
        )  # fmt: skip
    except (KeyError, ValueError) as error:
        raise UnreadableMessage(f"Record with key {key!r} on {topic}: {error}.") from error
