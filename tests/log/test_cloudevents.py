"""Our messages are CloudEvents 1.0 in Kafka's binary mode: the reference SDK reads them, and we read the SDK's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.envelope import Envelope, decode, encode

OURS = Envelope(
    topic="registry.networks",
    key="n1",
    type="networks.registry.network.changed.v1",
    source="/registry",
    subject="n1",
    data={"state": {"name": "Zoë’s network"}, "changes": {"name": ["Old", "Zoë’s network"]}, "announcement": None},
    revision=7,
    time=datetime(2026, 11, 23, 12, 30, 0, 123456, tzinfo=UTC),
    correlationid="c1",
    causationid="m0",
    actor="p1",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


def by_the_sdk(envelope: Envelope) -> CloudEvent:
    """The envelope's record as the SDK understands it."""
    headers, value = encode(envelope)
    event = from_binary(KafkaMessage(dict(headers), envelope.key, value or b""), JSONFormat())
    assert isinstance(event, CloudEvent)
    return event


@pytest.mark.fast
def test_the_sdk_reads_our_attributes_and_data() -> None:
    event = by_the_sdk(OURS)
    assert (event.get_specversion(), event.get_id(), event.get_type()) == ("1.0", OURS.id, OURS.type)
    assert (event.get_source(), event.get_subject(), event.get_time()) == (OURS.source, OURS.subject, OURS.time)
    assert event.get_datacontenttype() == "application/json"
    assert event.get_data() == OURS.data


@pytest.mark.fast
@pytest.mark.parametrize("name", ["correlationid", "causationid", "actor", "revision"])
def test_the_sdk_reads_our_extensions(name: str) -> None:
    assert by_the_sdk(OURS).get_extension(name) == str(getattr(OURS, name))


@pytest.mark.fast
def test_what_the_sdk_writes_we_read_as_ours() -> None:
    message = to_binary(by_the_sdk(OURS), JSONFormat(), key_mapper=lambda _: OURS.key)
    traced = (*message.headers.items(), ("traceparent", OURS.traceparent.encode()))
    assert decode(OURS.topic, str(message.key), traced, message.value) == OURS


@pytest.mark.fast
def test_what_the_sdk_makes_of_its_own_we_read() -> None:
    attributes = {
        "id": "e1",
        "type": OURS.type,
        "source": "/elsewhere",
        "specversion": "1.0",
        "time": OURS.time,
        "datacontenttype": "application/json",
    }
    message = to_binary(CloudEvent(attributes=attributes, data={"state": {"a": 1}}), JSONFormat())
    found = decode("registry.networks", "k", tuple(message.headers.items()), message.value)
    assert (found.id, found.source, found.time, found.state) == ("e1", "/elsewhere", OURS.time, {"a": 1})
    assert found.subject == "k", "a message without a subject is about its key"


@pytest.mark.fast
def test_the_sdk_reads_the_attributes_of_a_tombstone() -> None:
    erased = Envelope(
        topic="membership.people",
        key="p1",
        type="networks.membership.person.erased.v1",
        source="/membership",
        subject="p1",
        data=None,
    )
    assert encode(erased)[1] is None
    event = by_the_sdk(erased)
    assert (event.get_type(), event.get_subject(), event.get_data()) == (erased.type, "p1", None)
