"""Checking before saving: any form that changes something says first whom that would reach.

A form that is sent with `preview=yes` goes the way of every form; where its page would make the change, the change is
previewed instead. So a form needs the button of `reach/parts.html` and nothing else. The answer is a step of its own
that holds what was entered, from where it is saved or changed again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.foresight import foreseen
from services.gateway.pressing import ONCE

if TYPE_CHECKING:
    from services.gateway.visit import Visit

NOT_KEPT = frozenset({"form_token", ONCE, "preview", "minor"})
"""Fields of a form that the step before saving gives anew."""
Ways = list[tuple[str, dict[str, Any]]]
"""(how it would be told, whom it would reach) for each choice that there is."""


class Checked(Exception):
    """Whom a change would reach: what its form is answered with in place of the change."""

    def __init__(self, ways: Ways) -> None:
        """*ways*: what each choice comes to."""
        super().__init__()
        self.ways = ways


class ShownAgain(Refused):
    """The form is to be shown again as it was filled in; nothing is wrong with it."""

    def __init__(self) -> None:
        """As if it were refused, without a reason."""
        super().__init__(422, {})


async def ways_of(visit: Visit, service: str, method: str, path: str, body: Any, if_match: str) -> Ways:
    """Whom a change would reach: told as usual and, where it may be one, as a minor change."""
    bodies = [("Told as usual", body)]
    if body and "minor" in body:
        bodies = [("Told as usual", {**body, "minor": False}), ("As a minor change", {**body, "minor": True})]
    found = await asyncio.gather(
        *(
            foreseen(
                visit.edge.clients, service, method, path, principal=visit.principal, if_match=if_match,
                content=orjson.dumps(each if each is not None else {}), content_type="application/json",
            )
            for _, each in bodies
        )
    )  # fmt: skip
    return list(zip((name for name, _ in bodies), found, strict=True))


def checked_page(visit: Visit, checked: Checked) -> Response:
    """The step before saving."""
    sent = visit.sent or FormData()
    kept = [(name, value) for name, value in sent.multi_items() if name not in NOT_KEPT]
    return visit.page(
        "reach/check.html", "Check before you save", ways=checked.ways, is_minor=bool(sent.get("minor")),
        kept=[(name, value) for name, value in kept if not isinstance(value, UploadFile)],
    )  # fmt: skip
