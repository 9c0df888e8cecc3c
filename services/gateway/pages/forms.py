"""Forms: what was entered, what was wrong with it, and both shown again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData, UploadFile

from services.gateway.checking import ShownAgain
from services.gateway.clients import Refused
from services.gateway.rendering import for_people

PLAIN = (
    ("String should have at least 1 character", "Enter something"),
    ("Field required", "Enter something"),
    ("Input should be a valid integer", "Enter a whole number"),
    ("Input should be a valid date", "Enter a date"),
    ("Input should be a valid decimal", "Enter a number"),
    ("String should match pattern", "Write it in the form that is asked for"),
    ("value is not a valid email address", "Enter an e-mail address such as name@organisation.example"),
    ("String should have at least", "Make it longer; it should have at least"),
    ("String should have at most", "Shorten this; it should have at most"),
)
OR_NOTHING = "Input should be ''"
"""Said of a field that may be empty, beside what is wrong with it."""


def text(form: FormData, name: str) -> str:
    """One field of a form, trimmed."""
    value = form.get(name, "")
    return "" if isinstance(value, UploadFile) else str(value).replace("\r\n", "\n").strip()


def texts(form: FormData, name: str) -> list[str]:
    """All values of one field."""
    return [str(value).strip() for value in form.getlist(name) if str(value).strip()]


def entered(form: FormData) -> dict[str, Any]:
    """What was entered, to be shown again."""
    return {name: text(form, name) for name in form}


def error_list(refused: Refused, labels: Mapping[str, str], otherwise: str = "maincontent") -> list[dict[str, str]]:
    """The error summary's lines, linked to the fields that the service named; else its sentence, to *otherwise*."""
    if isinstance(refused, ShownAgain):
        return []
    found = []
    for error in refused.errors:
        if error["message"] == OR_NOTHING:
            continue
        name = str(error["field"]).partition(".")[0]
        found.append({"text": f"{labels.get(name, name.capitalize())}: {plain(error['message'])}", "href": f"#{name}"})
    return found or [{"text": for_people(refused.detail), "href": f"#{otherwise}"}]


def error_of(errors: list[dict[str, str]], name: str) -> dict[str, str] | None:
    """The message that belongs beside one field, in the same words as in the summary."""
    found = next((error["text"] for error in errors if error.get("href") == f"#{name}"), None)
    return {"text": found} if found else None


def plain(message: str) -> str:
    """A validator's message as a person would say it."""
    for technical, said in PLAIN:
        if message.startswith(technical):
            return said + message.removeprefix(technical) if technical.endswith(("at most", "at least")) else said
    if message.startswith("Input should be '"):
        return "Choose " + message.removeprefix("Input should be ").replace("'", "").replace("_", " ")
    return for_people(message)
