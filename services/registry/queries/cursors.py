"""Where a page of a list ended, as the text that asks for the next one."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from shared.errors import BadRequest


class WrongCursor(BadRequest):
    """The cursor is not one of ours; begin again without it."""


def cursor_of(*place: str | int) -> str:
    """Where a page ended: what its list is ordered by, of the last thing on it."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode()


def position_in(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """The place that `cursor_of` wrote, of these *kinds* (two texts where none are given). Raises WrongCursor."""
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError):
        raise WrongCursor from None
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds or (str, str)):
        raise WrongCursor
    return tuple(place)
