"""What is meant by a name that somebody wrote: the one that is called so, or those that they may choose from."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData

from services.gateway.pages.forms import text
from services.gateway.visit import Visit

OFFERED = 15


class Unclear(Exception):
    """It cannot be done as it was asked: why, beside which field, and what can be chosen from."""

    def __init__(self, why: str, field: str, offers: dict[str, list[dict[str, Any]]] | None = None) -> None:
        """*offers*: field → what it may have meant."""
        super().__init__(why)
        self.errors = [{"text": why, "href": f"#{field}"}]
        self.offers = offers or {}


async def meant(visit: Visit, form: FormData, field: str, service: str, path: str, what: str) -> str:
    """The id of *what* was meant: chosen of those that were offered for the same words, or called exactly so.

    Fields: `<field>_q` has the words, `<field>_id` the choice, `<field>_for` the words that it was offered for. Raises
    Unclear.
    """
    words, chosen = text(form, f"{field}_q"), text(form, f"{field}_id")
    if chosen and text(form, f"{field}_for") == words:
        return chosen
    if not words:
        raise Unclear(f"Write the name of {what}", f"{field}_q")
    found = (await visit.ask(service, path, q=words[:200], limit=OFFERED))["items"]
    named = [one for one in found if one["name"].casefold() == words.casefold()]
    if len(named) == 1:
        return str(named[0]["id"])
    if not found:
        raise Unclear(f"Nothing is called “{words}”; write the name of {what} otherwise", f"{field}_q")
    raise Unclear(f"Choose {what} that you mean", f"{field}_id-1", {field: found})
