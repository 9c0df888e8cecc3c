"""Reading a row: what its cells give, or each thing that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from services.registry.importing.fields import BY_NAME, LABELS
from services.registry.importing.values import Words
from services.registry.schemas.networks import NetworkFields
from shared.sheets import meant

_NOTHING = frozenset({"", "-", "–", "n/a", "na", "none", "unknown", "tbc", "not known", "nil"})
_ERROR = re.compile(r"#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!)")


class WrongRow(ValueError):
    """What is wrong with a row, each as a sentence."""


def read_row(
    cells: Sequence[str], *, columns: Mapping[str, int], fixed: Mapping[str, str], words: Words
) -> dict[str, Any]:
    """Field → value, for the fields that the row gives. Raises WrongRow with everything that is wrong."""
    given: dict[str, Any] = {}
    wrong: list[str] = []
    for name, text in _texts(cells, columns, fixed).items():
        try:
            given[name] = _read(name, text, words)
        except ValueError as error:
            wrong.append(f"{LABELS[name]}: {error}")
    if not wrong:
        try:
            return NetworkFields.model_validate(given).model_dump(include=set(given))
        except ValidationError as error:
            wrong = [_sentence(found) for found in error.errors()]
    raise WrongRow(". ".join(wrong) + ".")


def name_in(cells: Sequence[str], columns: Mapping[str, int]) -> str:
    """The name that a row gives, as it stands there on one line."""
    place = columns.get("name", -1)
    return " ".join(meant(cells[place]).split()) if 0 <= place < len(cells) else ""


def _texts(cells: Sequence[str], columns: Mapping[str, int], fixed: Mapping[str, str]) -> dict[str, str]:
    found = dict(fixed)
    for name, place in columns.items():
        text = meant(cells[place]).strip() if place < len(cells) else ""
        if text.lower() not in _NOTHING:
            found[name] = text
    return found


def _read(name: str, text: str, words: Words) -> object:
    if error := _ERROR.fullmatch(text):
        raise ValueError(f"the cell shows the error {error[0]}")
    if "\ufffd" in text:
        raise ValueError("some characters could not be read; say how the file is written, or mend them")
    return BY_NAME[name].read(text, words)


def _sentence(error: Any) -> str:
    label = LABELS.get(str(error["loc"][0]), str(error["loc"][0])) if error["loc"] else "The row"
    message = error["msg"].removeprefix("Value error, ")
    message = re.sub(r"^String should have at most (\d+) characters$", r"is longer than \1 characters", message)
    message = re.sub(r"^String should have at least 1 character$", "is empty", message)
    return f"{label}: {message[:1].lower()}{message[1:]}"
