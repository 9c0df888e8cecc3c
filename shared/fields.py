"""Types of fields that people fill in: trimmed, bounded, without control characters."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, StringConstraints, WithJsonSchema

from shared import clock

Item = TypeVar("Item")


def _printable(value: str) -> str:
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\r\t":
            raise ValueError(f"contains a control character (U+{ord(character):04X}); remove it")
    return unicodedata.normalize("NFC", value)


def _one_line(value: str) -> str:
    if "\n" in value or "\r" in value or "\t" in value:
        raise ValueError("must be one line; remove the line breaks and tabs")
    return value


def _text(longest: int, shortest: int = 0) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=shortest, max_length=longest)


Line = Annotated[str, _text(200), AfterValidator(_printable), AfterValidator(_one_line)]
"""One line of text, at most 200 characters, may be empty."""
Name = Annotated[str, _text(200, 1), AfterValidator(_printable), AfterValidator(_one_line)]
"""One line of text, 1 to 200 characters."""
Prose = Annotated[str, _text(10_000), AfterValidator(_printable)]
"""Text of several lines, at most 10,000 characters, may be empty."""
Reason = Annotated[str, _text(500), AfterValidator(_printable)]
"""Why a change was made, at most 500 characters, may be empty."""


def _as_of(value: Any) -> datetime:
    """The end of a day, or a moment. Raises ValueError."""
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        moment = _moment(str(value))
        day = moment.date()
    else:
        moment = datetime.combine(day, time.max, UTC)
    if day > clock.today():
        raise ValueError("is still to come; choose today or an earlier day")
    return moment


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date; write it as in 2026-11-23, or with a time as in 2026-11-23T14:02Z") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


AsOf = Annotated[
    datetime,
    BeforeValidator(_as_of),
    WithJsonSchema({"type": "string", "examples": ["2026-11-23", "2026-11-23T14:02:00Z"]}),
]
"""As something stood at the end of a day (in UTC), or at a moment; not in the future."""


class Page(BaseModel, Generic[Item]):
    """A page of a collection: `next` is the cursor of the following page, `total` counts all that match."""

    items: list[Item]
    next: str | None = None
    total: int
