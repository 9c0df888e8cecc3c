"""The API's OpenAPI document: every service's own, merged, and which service answers which path."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any

from services.gateway import failures, needs, searching
from services.gateway.clients import Clients, does_not_answer
from services.gateway.examples import Examples
from services.gateway.lists import with_files
from services.gateway.operations import METHODS, PROBLEM_SCHEMA, described, shared_answers
from services.gateway.signing_in.operations import OPERATIONS
from shared.auth import ANYBODY
from shared.config import Settings
from shared.errors import Problem

HIDDEN = ("/internal", "/trace", "/health", "/metrics", "/openapi.json")
_COUNTED = {"type": "array", "items": {"type": "object"}}
FORESEEN_SCHEMA = {
    "type": "object",
    "required": ["items", "total", "sentence", "headlines", "away"],
    "properties": {
        "items": {
            "type": "array",
            "description": "One of each way in which it reaches somebody, or does not, with how many and why.",
            "items": {
                "type": "object",
                "required": ["service", "way", "count", "label", "because"],
                "properties": {
                    "service": {"type": "string"},
                    "way": {"type": "string"},
                    "count": {"type": "integer"},
                    "label": {"type": "string"},
                    "noun": {"type": ["array", "null"], "items": {"type": "string"}},
                    "because": _COUNTED,
                },
            },
        },
        "next": {"type": "null"},
        "total": {"type": "integer"},
        "sentence": {"type": "string"},
        "headlines": {"type": "array", "items": {"type": "string"}},
        "away": {"type": "array", "items": {"type": "string"}, "description": "Services whose part is not counted."},
    },
}
STREAMS = {
    "/alerts/stream": (
        "alertStream",
        "Your alerts as they happen (server-sent events). With `?states=1` also how the inbox stands whenever that "
        "changes: unread, total, the position and revision at which they were counted, and what was marked; whoever "
        "knows an older revision than the one before fetches again.",
    ),
    "/oversight/{body}/feed/stream": ("feedStream", "A body's feed as it happens (server-sent events)."),
    "/changes/stream": (
        "changeStream",
        "Picked changes as they happen (server-sent events); takes what GET /changes takes: type, network, body, "
        "care_group, category. Resumes after Last-Event-ID; an event `reset` says to fetch GET /changes anew.",
    ),
    "/subscriptions/{subscription_id}/stream": (
        "subscriptionStream",
        "What a webhook picks, as it happens (server-sent events).",
    ),
}
FANOUT_SCHEMA = {
    "type": "object",
    "required": ["message_id", "type", "headline", "time", "service", "actor", "stages", "away"],
    "properties": {
        "message_id": {"type": "string"},
        "type": {"type": "string"},
        "headline": {"type": "string"},
        "time": {"type": ["string", "null"]},
        "service": {"type": "string"},
        "actor": {"type": "string"},
        "stages": {"type": "array", "items": {"type": "object"}, "description": "Each service that took it, and when."},
        "away": {"type": "array", "items": {"type": "string"}, "description": "Services that did not answer."},
    },
}
OWN = {
    "/changes/{message_id}": {
        "get": {
            "operationId": "followChange",
            "summary": "Follow Change",
            "description": "Where one change went: each service, how long it took, and what came of it.",
            "tags": ["gateway"],
            "parameters": [{"name": "message_id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {
                "200": {
                    "description": "The fan-out.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fanout"}}},
                }
            },
        }
    }
}
ABOUT = """Every change reaches whom it concerns.

Collections answer `items`, `next` (the cursor of the following page, or null) and `total`. Single things have a
`revision` and an `ETag`. Every change takes `reason` and `minor`, honours `If-Match`, and is made once for each
`Idempotency-Key`. Every error is a problem document (RFC 9457), a 500 too."""
AGAIN_SECONDS = 30.0
"""How long the services' documents are believed when an address is in none of them."""
AWAY_SECONDS = 1.0
"""The same while a service has not answered yet."""
REFERENCE = re.compile(r"^#/components/schemas/")


class Routes:
    """Which service answers a path, read from the services' own documents: a new service needs no edit here."""

    def __init__(self, clients: Clients) -> None:
        """Nothing is known until `load` or the first question."""
        self._clients = clients
        self._patterns: list[tuple[int, re.Pattern[str], str]] = []
        self.documents: dict[str, dict[str, Any]] = {}
        self._whole: dict[str, Any] | None = None
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def load(self) -> None:
        """Read the documents of the services that answer; the others are read when they do."""
        async with self._reading:
            await self._read()

    async def _read(self) -> None:
        known = dict(self.documents)
        for name in self._clients.names():
            try:
                self.documents[name] = await self._clients.ask(name, "/openapi.json", principal=ANYBODY)
            except Problem:
                continue
        if self.documents != known:
            self._whole = None
        found = [(path, name) for name, document in self.documents.items() for path in document["paths"]]
        patterns = [(path.count("{"), pattern_of(path), name) for path, name in found if not is_hidden(path)]
        self._patterns = sorted(patterns, key=lambda entry: entry[0])
        self._read_at = time.monotonic()

    async def service_of(self, path: str) -> str | None:
        """The service whose document has *path* (literal parts win), or None. Raises ServiceAway while a service has
        not said what it has: it may be one of its own.

        An unknown path makes us look again, though not soon after the last time: whoever asks for what there is not
        costs no service anything, and nothing has to be remembered of them.
        """
        found = self._match(path)
        if found is not None or is_hidden(path):
            return found
        async with self._reading:
            pause = AWAY_SECONDS if self.missing() else AGAIN_SECONDS
            if self._match(path) is None and time.monotonic() - self._read_at >= pause:
                await self._read()
        if (found := self._match(path)) is None and (away := self.missing()):
            raise does_not_answer(away[0])
        return found

    def missing(self) -> list[str]:
        """The services whose documents could not be read so far."""
        return [name for name in self._clients.names() if name not in self.documents]

    async def whole(self, settings: Settings) -> dict[str, Any]:
        """The API's document, put together once for what was read last."""
        if self.missing():
            await self.load()
        if self._whole is None:
            self._whole = merged(settings, self.documents)
        return self._whole

    def takes(self) -> dict[str, list[str]]:
        """Service → the topics that it takes."""
        return {name: document.get("x-takes", []) for name, document in self.documents.items()}

    def _match(self, path: str) -> str | None:
        if is_hidden(path):
            return None
        return next((name for _, pattern, name in self._patterns if pattern.fullmatch(path)), None)


def pattern_of(template: str) -> re.Pattern[str]:
    """`/networks/{id}` as a pattern of paths."""
    parts = re.split(r"(\{[^}]+\})", template)
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))


def is_hidden(path: str) -> bool:
    """Whether a path is between the gateway and the services alone."""
    return any(path == hidden or path.startswith(hidden + "/") for hidden in HIDDEN)


def merged(settings: Settings, documents: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """One document for all services; schemas of one name keep their service's name where they differ."""
    schemas: dict[str, Any] = {"Problem": PROBLEM_SCHEMA, "Foreseen": FORESEEN_SCHEMA, "Fanout": FANOUT_SCHEMA}
    paths: dict[str, Any] = {path: {"get": _stream(*said, path)} for path, said in STREAMS.items()} | OWN
    paths |= {"/search": {"get": searching.OPERATION}, **failures.PATHS, **needs.PATHS}
    for path, item in OPERATIONS.items():
        paths[path] = {verb: {**said, "tags": ["gateway"]} for verb, said in item.items()}
    for name, document in documents.items():
        renamed = _add_schemas(schemas, name, document.get("components", {}).get("schemas", {}))
        for path, item in document.get("paths", {}).items():
            if not is_hidden(path):
                paths.setdefault(path, {}).update(
                    {method: {**each, "tags": [name]} for method, each in _point(item, renamed).items()}
                )
    bearer = {"type": "http", "scheme": "bearer", "description": "A personal token: `tidings token --as <e-mail>`."}
    examples = Examples(schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": settings.name, "version": "1", "description": ABOUT},
        "servers": [{"url": "/api"}],
        "security": [{"bearer": []}, {}],
        "paths": {path: _operations(path, item, examples) for path, item in sorted(paths.items())},
        "components": {
            "schemas": schemas,
            "responses": shared_answers(examples),
            "securitySchemes": {"bearer": bearer},
        },
    }


def _operations(path: str, item: Mapping[str, Any], examples: Examples) -> dict[str, Any]:
    return {
        method: described(with_files(path, operation) if method == "get" else operation, method, path, item, examples)
        for method, operation in item.items()
        if method in METHODS
    }


def _add_schemas(schemas: dict[str, Any], service: str, theirs: Mapping[str, Any]) -> dict[str, str]:
    renamed = {name: f"{service}_{name}" for name in theirs if name in schemas and schemas[name] != theirs[name]}
    for name, schema in theirs.items():
        schemas[renamed.get(name, name)] = _point(schema, renamed)
    return renamed


def _point(value: Any, renamed: Mapping[str, str]) -> Any:
    """*value* with its references pointing to the renamed schemas."""
    if isinstance(value, list):
        return [_point(entry, renamed) for entry in value]
    if not isinstance(value, dict):
        return value
    copied = {key: _point(entry, renamed) for key, entry in value.items()}
    if isinstance(reference := copied.get("$ref"), str):
        name = REFERENCE.sub("", reference)
        copied["$ref"] = f"#/components/schemas/{renamed.get(name, name)}"
    return copied


def _stream(operation_id: str, summary: str, path: str) -> dict[str, Any]:
    names = re.findall(r"\{([^}]+)\}", path)
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    parameters.append({"name": "Last-Event-ID", "in": "header", "required": False, "schema": {"type": "string"}})
    stream = {"description": "A stream of events.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    return {
        "operationId": operation_id,
        "summary": summary.partition(" (")[0],
        "description": summary,
        "parameters": parameters,
        "responses": {"200": stream},
        "tags": ["gateway"],
    }
