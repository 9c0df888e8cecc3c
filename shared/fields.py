"""Types of fields that people fill in: trimmed, bounded, without control characters."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, StringConstraints

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


class Page(BaseModel, Generic[Item]):
    """A page of a collection: `next` is the cursor of the following page, `total` counts all that match."""

    items: list[Item]
    next: str | None = None
    total: int
