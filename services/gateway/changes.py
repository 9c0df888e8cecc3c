"""Following one change: every service's trace of one message, merged into stages in the order they happened."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

from services.gateway.clients import Clients
from services.gateway.rendering import moment
from shared.auth import Principal
from shared.errors import NotFound, Problem

PERSON = re.compile(r"\{person:([^{}\s]+)\}")


async def followed(clients: Clients, message_id: str, principal: Principal) -> dict[str, Any]:
    """The fan-out of one message. Raises NotFound where no service knows it.

    The way of a private change is the same as any other's: times and counts. What it says is for those who may see it.
    """
    names = clients.names()
    asked = await asyncio.gather(*(_trace(clients, name, message_id, principal) for name in names))
    traces = [trace for trace in asked if trace]
    said = next((trace["said"] | {"service": trace["service"]} for trace in traces if trace.get("said")), None)
    if said is None and not any(trace.get("taken") for trace in traces):
        raise NotFound("No service knows this change; its trace may be older than what is kept.")
    began = moment((said or {}).get("time"))
    if not principal.is_staff:
        traces = [trace | {"failure": _without_reason(trace.get("failure"))} for trace in traces]
    stages = [_stage(trace, said, began) for trace in traces if trace.get("taken") or trace.get("failure")]
    stages.sort(key=lambda stage: (stage["milliseconds"] is None, stage["milliseconds"]))
    return {
        "message_id": message_id,
        "type": (said or {}).get("type", ""),
        "headline": await _headline(clients, said or {}, principal),
        "time": (said or {}).get("time"),
        "service": (said or {}).get("service", ""),
        "actor": (said or {}).get("actor", ""),
        "stages": ([_first(said)] if said else []) + stages,
        "away": [name for name, trace in zip(names, asked, strict=True) if trace is None],
    }


async def _headline(clients: Clients, said: dict[str, Any], principal: Principal) -> str:
    """What was told, where the reader may see it; else, and where nobody can be asked, nothing."""
    try:
        sight = await clients.ask("notifications", f"/changes/{said.get('id', '')}/sight", principal=principal)
    except Problem:
        return ""
    return await named(clients, said.get("headline", ""), principal) if sight["seen"] else ""


async def named(clients: Clients, headline: str, principal: Principal) -> str:
    """The headline with its people's names, for those who are signed in: to a visitor they stay unnamed."""
    ids = set(PERSON.findall(headline)) if principal.signed_in else set()
    found = await asyncio.gather(*(_name(clients, person_id) for person_id in ids))
    names = dict(zip(ids, found, strict=True))
    return PERSON.sub(lambda reference: names.get(reference[1], "Somebody"), headline)


async def _name(clients: Clients, person_id: str) -> str:
    try:
        return str((await clients.ask("membership", f"/internal/principals/{quote(person_id, safe='')}"))["name"])
    except Problem:
        return "Somebody"  # erased, or not to be asked now


async def _trace(clients: Clients, name: str, message_id: str, principal: Principal) -> dict[str, Any] | None:
    try:
        return dict(await clients.ask(name, f"/trace/{message_id}", principal=principal))
    except Problem:
        return None


def _without_reason(failure: dict[str, Any] | None) -> dict[str, Any] | None:
    """A failure as everybody may know it: its reason may quote what could not be taken."""
    return failure | {"reason": ""} if failure else None


def _first(said: dict[str, Any]) -> dict[str, Any]:
    return {
        "service": said["service"], "topic": "", "said_at": said["time"], "logged_at": None, "handled_at": None,
        "milliseconds": 0.0, "outcome": "said", "effects": [],
    }  # fmt: skip


def _stage(trace: dict[str, Any], said: dict[str, Any] | None, began: datetime | None) -> dict[str, Any]:
    taken, failure = trace.get("taken") or {}, trace.get("failure")
    handled = moment(taken.get("handled_at"))
    begun = began or moment(taken.get("logged_at"))
    return {
        "service": trace["service"],
        "topic": taken.get("topic") or (failure or {}).get("topic", ""),
        "said_at": (said or {}).get("time"),
        "logged_at": taken.get("logged_at"),
        "handled_at": taken.get("handled_at"),
        "milliseconds": round((handled - begun).total_seconds() * 1000, 1) if handled and begun else None,
        "outcome": "failed" if failure and failure.get("state") == "waiting" else taken.get("outcome", ""),
        "failure": failure,
        "effects": trace.get("effects") or [],
    }
