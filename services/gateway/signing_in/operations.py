"""What the gateway answers by itself under `/api`, as OpenAPI says it."""

from __future__ import annotations

from typing import Any

PATH, ONE = "/me/sessions", "/me/sessions/{session}"


def _text(**more: str) -> dict[str, str]:
    return {"type": "string", **more}


SESSION = {
    "type": "object",
    "required": ["id", "began", "seen", "address", "agent", "this"],
    "properties": {
        "id": _text(), "began": _text(format="date-time"), "seen": _text(format="date-time"),
        "address": _text(description="Where it was signed in from; of IPv6 the network."),
        "agent": _text(description="The browser, as it calls itself."),
        "this": {"type": "boolean", "description": "Whether it is the one that asks."},
    },
}  # fmt: skip
PAGE = {
    "type": "object",
    "required": ["items", "next", "total"],
    "properties": {
        "items": {"type": "array", "items": SESSION}, "next": {"type": "null"}, "total": {"type": "integer"},
    },
}  # fmt: skip
_LISTED = {"200": {"description": "Your sessions.", "content": {"application/json": {"schema": PAGE}}}}
_DONE = {"204": {"description": "Done."}}
_ID = {"name": "session", "in": "path", "required": True, "schema": _text()}
OPERATIONS: dict[str, Any] = {
    PATH: {
        "get": {"operationId": "listSessions", "summary": "Where you are signed in.", "responses": _LISTED},
        "delete": {"operationId": "endOtherSessions", "summary": "End all but the one that asks.", "responses": _DONE},
    },
    ONE: {
        "delete": {
            "operationId": "endSession", "summary": "End one of your sessions.", "parameters": [_ID],
            "responses": _DONE,
        },
    },
}  # fmt: skip
"""The same in OpenAPI."""
