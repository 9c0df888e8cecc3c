"""What can be chosen from in forms: the register's fixed words, the oversight bodies, the care groups."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.gateway.rendering import words
from services.gateway.visit import Visit

TYPES = ("disease", "specialty", "client_group", "function")
LEVELS = ("local", "regional", "national")
PURPOSES = ("clinical", "improvement", "social", "commissioning")
SIDES = ("provider", "commissioner", "both")
STAGES = ("informal", "emerging", "managed", "closing", "closed")
BEGINNINGS = STAGES[:2]
"""Where a new network may begin; the stages after them have gates."""
ROLES = (
    "lead_doctor", "lead_nurse", "lead_professional", "lead_manager", "co_ordinator", "chair",
    "patient_representative", "sha_lead",
)  # fmt: skip
EDITING_ROLES = frozenset(ROLES[:6])
"""Who may change a network, as the register has it: to show a button only to those who may press it."""
REFERENCE_SECONDS = 60.0

_kept: dict[str, tuple[float, Any]] = {}


def options(values: Iterable[str], *, empty: str = "", chosen: str = "") -> list[dict[str, Any]]:
    """Items for the design system's select, from codes."""
    first = [{"value": "", "text": empty}] if empty else []
    return first + [{"value": value, "text": words(value), "selected": value == chosen} for value in values]


async def bodies(visit: Visit) -> dict[str, str]:
    """The oversight bodies: code → name without what all their names end with, in the order of the names."""
    found = await _reference(visit, "/bodies")
    ending = _common_ending([str(body["name"]) for body in found])
    return {
        body["code"]: body["name"].removesuffix(ending) for body in sorted(found, key=lambda body: str(body["name"]))
    }


def _common_ending(names: list[str]) -> str:
    """` Strategic Health Authority` where every name ends with it: said ten times on a page it hides the names."""
    if len(names) < 2:
        return ""
    endings = [name.split(" ")[::-1] for name in names]
    shared = 0
    while len({tuple(ending[: shared + 1]) for ending in endings}) == 1 and all(len(e) > shared + 1 for e in endings):
        shared += 1
    return "".join(f" {word}" for word in endings[0][:shared][::-1])


async def staff_groups(visit: Visit) -> dict[str, str]:
    """The staff groups: code → name, in their order."""
    return {group["code"]: group["name"] for group in await _reference(visit, "/staff-groups")}


async def care_groups(visit: Visit) -> list[str]:
    """The care groups in use, in alphabetical order."""
    return list(await care_group_counts(visit))


async def care_group_counts(visit: Visit) -> dict[str, int]:
    """The care groups in use, in alphabetical order → how many networks each has."""
    found = await _reference(visit, "/care-groups")
    return {str(group["value"]): int(group["count"]) for group in sorted(found, key=lambda group: str(group["value"]))}


async def reference(visit: Visit) -> tuple[dict[str, str], list[str]]:
    """The bodies and the care groups."""
    return await asyncio.gather(bodies(visit), care_groups(visit))


async def _reference(visit: Visit, path: str) -> list[Mapping[str, Any]]:
    """Reference data changes with a release, not with a visit: a minute old will do."""
    kept = _kept.get(path)
    if kept and kept[0] > time.monotonic():
        return list(kept[1])
    found = (await visit.ask("registry", path))["items"]
    if found:
        _kept[path] = (time.monotonic() + REFERENCE_SECONDS, found)
    return list(found)


def body_options(names: Mapping[str, str], *, empty: str = "", chosen: str = "") -> list[dict[str, Any]]:
    """Items for a select of oversight bodies."""
    first = [{"value": "", "text": empty}] if empty else []
    return first + [{"value": code, "text": name, "selected": code == chosen} for code, name in names.items()]


async def may_edit(visit: Visit) -> Callable[[str], bool]:
    """Whether the visitor may change a network, by its id; the register decides for itself."""
    if visit.principal.is_staff or not visit.principal.signed_in:
        return lambda _network_id: visit.principal.is_staff
    me = await visit.ask_or({"networks": []}, "membership", "/me")
    edited = {network["id"] for network in me["networks"] if network["role"] in EDITING_ROLES}
    return edited.__contains__
