"""The AsyncAPI 3 document of every message on the log, generated from the contracts the code itself uses."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import shared.contracts
from shared.announcement import Announcement
from shared.config import Settings
from shared.contracts import CONTRACTS, TOPICS, Contract


def document(settings: Settings) -> dict[str, Any]:
    """The whole document."""
    for module in pkgutil.iter_modules(shared.contracts.__path__):
        importlib.import_module(f"shared.contracts.{module.name}")
    broker = settings.kafka.split(",")[0] or "localhost"
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"{settings.name}: messages", "version": "1", "description": "CloudEvents 1.0, binary mode."},
        "defaultContentType": "application/json",
        "servers": {"log": {"host": broker, "protocol": "kafka"}},
        "channels": {name: _channel(name) for name in sorted(TOPICS)},
        "operations": {_name(kind): _operation(contract) for kind, contract in sorted(CONTRACTS.items())},
        "components": {"messages": {_name(kind): _message(contract) for kind, contract in sorted(CONTRACTS.items())}},
    }


def _name(type_: str) -> str:
    return type_.removeprefix("networks.").replace(".", "_")


def _channel(name: str) -> dict[str, Any]:
    topic = TOPICS[name]
    policy = ["compact"] if topic.compacted else ["delete"]
    mine = [contract for contract in CONTRACTS.values() if contract.topic == name]
    return {
        "address": name,
        "messages": {_name(c.type): {"$ref": f"#/components/messages/{_name(c.type)}"} for c in mine},
        "bindings": {"kafka": {"partitions": topic.partitions, "topicConfiguration": {"cleanup.policy": policy}}},
    }


def _operation(contract: Contract) -> dict[str, Any]:
    channel = contract.topic.replace("~", "~0").replace("/", "~1")
    name = _name(contract.type)
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"}],
        "summary": contract.summary,
    }


def _message(contract: Contract) -> dict[str, Any]:
    payload = {
        "type": "object",
        "properties": {
            "state": _schema(contract.state),
            "changes": {"type": "object", "description": "Field → [before, after]."},
            "announcement": {"oneOf": [_schema(Announcement), {"type": "null"}]},
        },
    }
    return {
        "name": contract.type,
        "summary": contract.summary,
        "contentType": "application/json",
        "headers": _headers(contract.type),
        "payload": payload,
    }


def _headers(type_: str) -> dict[str, Any]:
    named = ("ce_id", "ce_source", "ce_subject", "ce_time", "ce_correlationid", "ce_causationid", "ce_actor")
    properties: dict[str, Any] = {name: {"type": "string"} for name in (*named, "ce_revision", "traceparent")}
    properties |= {"ce_type": {"const": type_}, "ce_specversion": {"const": "1.0"}}
    return {"type": "object", "properties": properties, "required": ["ce_id", "ce_type", "ce_source", "ce_time"]}


def _schema(model: Any) -> dict[str, Any]:
    """The model's schema with its definitions written out where they are used: a reference would lose its root."""
    schema = model.model_json_schema()
    return dict(_inlined(schema, schema.pop("$defs", {})))


def _inlined(value: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_inlined(entry, definitions) for entry in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _inlined(definitions[value["$ref"].rpartition("/")[2]], definitions)
    return {key: _inlined(entry, definitions) for key, entry in value.items()}
