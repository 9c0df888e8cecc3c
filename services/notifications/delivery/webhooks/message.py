"""What a webhook is sent: a CloudEvents 1.0 event as JSON, which is a Standard Webhooks payload at the same time.

The full form carries the headline, and, where the owner sees the change whole, the state and what changed. The signal
carries no personal data: that something of a kind happened, in which network, and where to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.notifications.letters.stationery import Stationery
from services.notifications.matching import picker_of
from services.notifications.sight import Sight
from shared.picker import Picker

TEST_TYPE = "networks.notifications.webhook.tested.v1"
FORMS = ("full", "signal")


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one subscription, with everything that it is put together from."""

    subscription: Mapping[str, Any]
    alert: Mapping[str, Any]
    """As it is shown to its owner: names are filled in. `time`, `type`, `position`, `audiences` and the rest."""
    content: Mapping[str, Any] | None
    """The row of `alert_contents`, where it is still kept."""
    sight: Sight


def content_of(message: Message, stationery: Stationery, network: str = "") -> bytes:
    """The body. *network* is the name of the first network that the picker asks for."""
    subscription, alert = message.subscription, message.alert
    full = subscription["form"] == "full"
    data = _full(message, stationery) if full else _signal(alert, stationery)
    data["why"] = _why(subscription, stationery, network)
    event = {
        "specversion": "1.0", "id": alert["message_id"], "type": alert["type"], "source": f"{stationery.url}/api",
        "time": _text(alert["time"]), "timestamp": _text(alert["time"]), "datacontenttype": "application/json",
    }  # fmt: skip
    if full and message.content and message.sight is Sight.WHOLE:
        event["subject"] = message.content["subject"]
    return orjson.dumps({**event, "data": data})


def content_of_test(
    subscription: Mapping[str, Any], message_id: str, moment: datetime, stationery: Stationery, network: str
) -> bytes:
    """The body of a test."""
    alert = {
        "message_id": message_id, "type": TEST_TYPE, "time": moment, "headline": "This is a test. Nothing changed.",
        "category": "news", "care_group": "", "significance": "minor", "path": f"/subscriptions/{subscription['id']}",
        "network_id": "", "network_name": "", "position": "", "audiences": [],
    }  # fmt: skip
    return content_of(Message(subscription, alert, None, Sight.TOLD), stationery, network)


def _full(message: Message, stationery: Stationery) -> dict[str, Any]:
    alert = message.alert
    names = ("headline", "category", "significance", "care_group", "path", "network_id", "network_name", "position")
    data = {name: alert[name] for name in names}
    data |= {"url": stationery.url + alert["path"], "change": f"{stationery.url}/changes/{alert['message_id']}"}
    if message.content and message.sight is Sight.WHOLE:
        data |= {"revision": message.content["revision"], **message.content["data"]}
    return data


def _signal(alert: Mapping[str, Any], stationery: Stationery) -> dict[str, Any]:
    names = ("category", "significance", "care_group", "network_id", "position")
    return {name: alert[name] for name in names} | {"url": f"{stationery.url}/api/changes/{alert['message_id']}"}


def _why(subscription: Mapping[str, Any], stationery: Stationery, network: str) -> dict[str, Any]:
    """Why the receiver got this, and two ways to get less: change what is picked, or stop it with one POST."""
    picker = picker_of(subscription)
    return {
        "sentence": f"because the webhook “{subscription['name']}” asks for {asked_for(picker, network)}",
        "rule": {name: values for name, values in picker.as_dict().items() if values},
        "change": f"{stationery.url}/subscriptions/{subscription['id']}",
        "stop": stationery.stop_url("subscription", subscription["id"]),
    }


def asked_for(picker: Picker, network: str = "") -> str:
    """What a picker asks for, in words."""
    parts = []
    if picker.categories:
        parts.append(f"in {_listed(picker.categories)}")
    if picker.types:
        parts.append(f"of type {_listed(picker.types)}")
    if picker.networks:
        count = len(picker.networks)
        parts.append(f"of {network}" if count == 1 and network else f"of {count} network{'s' * (count > 1)}")
    if picker.care_groups:
        parts.append(f"in the care group {_listed(picker.care_groups)}")
    if picker.bodies:
        parts.append(f"in the area of {_listed(picker.bodies)}")
    return " ".join(["changes", *parts]) if parts else "every change that its owner may see"


def _listed(values: tuple[str, ...]) -> str:
    words = [value.replace("_", " ") for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
