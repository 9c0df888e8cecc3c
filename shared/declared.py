"""What the types of a route cannot say of it in the API's document: that it takes or gives a file, or can end."""

from __future__ import annotations

from typing import Any

_BYTES = {"schema": {"type": "string", "format": "binary"}}


def takes_file(*kinds: str) -> dict[str, Any]:
    """For `openapi_extra`: the body is a file of one of these media types."""
    return {"requestBody": {"required": True, "content": dict.fromkeys(kinds, _BYTES)}}


def gives_file(kind: str) -> dict[int | str, dict[str, Any]]:
    """For `responses`, beside `response_class=Response`: the answer is a file of this media type."""
    return {200: {"description": "The file.", "content": {kind: _BYTES}}}


MAY_END: dict[int | str, dict[str, Any]] = {410: {"description": "It has ended, or is no longer kept."}}
"""For `responses`: what is asked for can have been there and be no longer."""
