"""Invitations to addresses that get no mail: membership invites, notifications knows what came back."""

from __future__ import annotations

import re
from typing import Any

import orjson

from services.gateway.clients import Clients, ServiceAway
from services.gateway.rendering import day
from services.gateway.within import Answer

PATHS = re.compile(r"(/networks/[^/]+)?/invitations(/[^/]+/resend)?")
"""The addresses of the API that answer with invitations."""
SAID = {
    "complaint": "Whoever has this address reported a mail of ours as unwanted, on {since}. This mail goes there all "
    "the same, perhaps among unwanted mail: reach them in another way.",
}  # fmt: skip
BOUNCED = (
    "Mail to this address comes back, since {since} ({reason}). Check how it is written: if it is wrong, withdraw this "
    "invitation and make another. If it is right and works again, staff let mail go there with "
    "`POST /api/mail/suppressions/lift`; then send the invitation again."
)
REFUSED = (
    "The mail server refused this invitation ({reason}). Check how the address is written: if it is wrong, withdraw "
    "the invitation and make another; if it is right, send it again."
)


async def suppressed_among(clients: Clients, addresses: list[str]) -> dict[str, Any]:
    """Those of *addresses* that get no mail, and why; nothing is said of them while notifications is away."""
    if not addresses:
        return {}
    try:
        found = await clients.question("notifications", "/internal/suppressed", addresses)
    except ServiceAway:
        return {}
    return {one["address"]: one for one in found}


async def warned(clients: Clients, answered: Answer) -> bytes:
    """What membership answers about invitations, with a warning at each that may not arrive, and what to do."""
    if not answered.is_success or not answered.content:
        return answered.content
    found = orjson.loads(answered.content)
    invitations = found.get("items", [found])
    stopped = await suppressed_among(clients, [one["email"] for one in invitations])
    for one in invitations:
        one["warning"] = _warning(one, stopped.get(one["email"]))
    return orjson.dumps(found)


def _warning(invitation: dict[str, Any], stopped: dict[str, Any] | None) -> str:
    if invitation["status"] not in ("open", "over"):
        return ""
    if stopped:
        return SAID.get(stopped["kind"], BOUNCED).format(since=day(stopped["since"]), reason=stopped["reason"])
    return REFUSED.format(reason=invitation["refusal"]) if invitation["refusal"] else ""
