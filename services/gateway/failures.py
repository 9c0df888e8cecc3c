"""The failure desk: what the consumers of all services could not take, each service asked in the visitor's name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from services.gateway.changes import named
from services.gateway.clients import Clients, Refused
from services.gateway.rendering import happened
from shared.auth import Principal
from shared.errors import NotFound, Problem

CAUSES = {
    "ValidationError": "The message lacks something that this part needs, or has it in another form.",
    "UnreadableMessage": "The message cannot be read at all.",
    "IntegrityError": "It contradicts what this part knows already.",
    "KeyError": "The message lacks something that this part needs.",
    "TimeoutError": "It took too long.",
    "An earlier message of the same key waits.": "An earlier message waits before it.",
}
"""What a reason begins with → what it means."""


class NoSuchService(NotFound):
    """There is no service of this name."""


async def waiting(clients: Clients, principal: Principal) -> dict[str, Any]:
    """Every message that waits, the oldest first. Raises Refused for who may not see them."""
    names = clients.names()
    found = await asyncio.gather(*(_of(clients, name, principal) for name in names))
    return await together(clients, principal, dict(zip(names, found, strict=True)))


async def together(
    clients: Clients, principal: Principal, parts: Mapping[str, Mapping[str, Any] | None]
) -> dict[str, Any]:
    """What the services (None: away) said that waits with them, in one list, the oldest first, in words."""
    items = [{**item, "service": name} for name, part in parts.items() if part for item in part["items"]]
    told = await asyncio.gather(*(named(clients, item["headline"], principal) for item in items))
    for item, headline in zip(items, told, strict=True):
        item["headline"] = headline or happened(item["type"]) or "A message that cannot be read"
        item["cause"] = cause(item["reason"])
    return {
        "items": sorted(items, key=lambda item: str(item["since"])), "next": None,
        "total": sum(part["total"] for part in parts.values() if part),
        "away": [name for name, part in parts.items() if part is None],
    }  # fmt: skip


def cause(reason: str) -> str:
    """Why, as a person says it; what the program said stands beside it."""
    kind = reason.partition(":")[0]
    return CAUSES.get(kind, "Something went wrong in this part while it took the message.")


async def _of(clients: Clients, name: str, principal: Principal) -> dict[str, Any] | None:
    try:
        return dict(await clients.ask(name, "/internal/failures", principal=principal))
    except Refused as refused:
        if refused.status in (401, 403):
            raise
        return None
    except Problem:
        return None


async def settle(clients: Clients, principal: Principal, service: str, number: int, how: str, reason: str) -> None:
    """`retry` one, or `discard` it for a reason. Raises NoSuchService, and what the service refuses."""
    if service not in clients.names():
        raise NoSuchService
    body = {"reason": reason} if how == "discard" else None
    await clients.change(service, "POST", f"/internal/failures/{number}/{how}", body, principal=principal)


_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}
_PROBLEM = {
    "description": "An RFC 9457 problem document: what happened, and what to do.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_FAILURE = {
    "type": "object",
    "description": "The first message that waits of its key; `behind` says how many wait behind it.",
    "properties": {
        "service": _TEXT, "number": _NUMBER, "message_id": _TEXT, "type": _TEXT, "headline": _TEXT, "topic": _TEXT,
        "key": _TEXT, "handler": _TEXT, "attempts": _NUMBER, "reason": _TEXT, "cause": _TEXT,
        "since": {"type": "string", "format": "date-time"}, "behind": _NUMBER,
        "again": {"type": "boolean", "description": "It is being tried again."},
    },
}  # fmt: skip
_PLACE = [
    {"name": "service", "in": "path", "required": True, "schema": _TEXT},
    {"name": "number", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
]


def _settling(operation: str, summary: str, body: dict[str, Any] | None) -> dict[str, Any]:
    said = {
        "operationId": operation, "summary": summary, "tags": ["gateway"], "parameters": _PLACE,
        "responses": {"204": {"description": "It is done."}, "default": _PROBLEM},
    }  # fmt: skip
    if body:
        said["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return {"post": said}


PATHS: dict[str, Any] = {
    "/failures": {
        "get": {
            "operationId": "listFailures",
            "summary": "Messages that services could not take, the oldest first (staff).",
            "tags": ["gateway"],
            "responses": {
                "200": {"description": "What waits.", "content": {"application/json": {"schema": {
                    "type": "object",
                    "properties": {
                        "items": {"type": "array", "items": _FAILURE}, "next": {"type": "null"}, "total": _NUMBER,
                        "away": {"type": "array", "items": _TEXT, "description": "Services that did not answer."},
                    },
                }}}},
                "default": _PROBLEM,
            },
        }
    },
    "/failures/{service}/{number}/retry": _settling("retryFailure", "Try it again, and what waits behind it.", None),
    "/failures/{service}/{number}/discard": _settling(
        "discardFailure", "Give it up for good, for a reason, and let those behind it go on.",
        {"type": "object", "required": ["reason"],
         "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": 500}}},
    ),
}  # fmt: skip
