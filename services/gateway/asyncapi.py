"""The AsyncAPI 3 document of every message on the log, generated from the contracts the code itself uses."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Collection, Mapping
from typing import Any

import shared.contracts
from services.gateway.examples import Examples
from shared.announcement import Announcement
from shared.config import Settings
from shared.contracts import CONTRACTS, TOPICS, Contract


def document(settings: Settings, takes: Mapping[str, Collection[str]] | None = None) -> dict[str, Any]:
    """The whole document. *takes*: service → the topics that it takes, `*` being every topic."""
    for module in pkgutil.iter_modules(shared.contracts.__path__):
        importlib.import_module(f"shared.contracts.{module.name}")
    broker = settings.kafka.split(",")[0] or "localhost"
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"{settings.name}: messages", "version": "1", "description": "CloudEvents 1.0, binary mode."},
        "defaultContentType": "application/json",
        "servers": {"log": {"host": broker, "protocol": "kafka"}},
        "channels": {name: _channel(name, takes or {}) for name in sorted(TOPICS)},
        "operations": {_name(kind): _operation(contract) for kind, contract in sorted(CONTRACTS.items())},
        "components": {"messages": _messages(tuple(sorted(CONTRACTS)))},
    }


@functools.cache
def _messages(kinds: tuple[str, ...]) -> dict[str, Any]:
    """Every message, made once: their schemas take a tenth of a second."""
    return {_name(kind): _message(CONTRACTS[kind]) for kind in kinds}


def _name(type_: str) -> str:
    return type_.removeprefix("networks.").replace(".", "_")


def _channel(name: str, takes: Mapping[str, Collection[str]]) -> dict[str, Any]:
    topic = TOPICS[name]
    policy = ["compact"] if topic.compacted else ["delete"]
    mine = [contract for contract in CONTRACTS.values() if contract.topic == name]
    return {
        "address": name,
        "messages": {_name(c.type): {"$ref": f"#/components/messages/{_name(c.type)}"} for c in mine},
        "x-published-by": sorted({contract.type.split(".")[1] for contract in mine}),
        "x-taken-by": sorted(service for service, topics in takes.items() if name in topics or "*" in topics),
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
        "examples": [{"name": "made", "payload": Examples({}).of(payload)}],
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
