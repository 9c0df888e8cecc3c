"""What codes and ids are called: oversight bodies, organisations by their ODS code, networks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any

from services.gateway.pages.choices import REFERENCE_SECONDS, bodies
from services.gateway.visit import Visit

MOST_KEPT = 5_000
_organisations: dict[str, tuple[float, str]] = {}


class Names(dict[str, str]):
    """Code or id → name; `areas` are the codes of all oversight bodies."""

    areas: frozenset[str] = frozenset()


async def names_for(visit: Visit, *records: Mapping[str, Any]) -> Names:
    """Code or id → name, for all that *records* of networks (or fields of them) name."""
    hosts = {str(record["host"]) for record in records if record.get("host")}
    others = {str(record[field]) for record in records for field in ("merged_into", "split_from") if record.get(field)}
    asked = [*(organisation(visit, code) for code in hosts), *(_network(visit, one) for one in others)]
    known, named = await asyncio.gather(bodies(visit), asyncio.gather(*asked))
    names = Names({**known, **dict(zip([*hosts, *others], named, strict=True))})
    names.areas = frozenset(known)
    return names


async def organisation(visit: Visit, code: str) -> str:
    """`Salford Royal (RM3)`: an organisation's name with its ODS code, or the code where nobody knows it."""
    kept = _organisations.get(code)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    found = await visit.ask_or({}, "membership", f"/organisations/{code}")
    name = f"{found['name']} ({code})" if found else code
    if len(_organisations) >= MOST_KEPT:
        _organisations.clear()
    _organisations[code] = (time.monotonic() + REFERENCE_SECONDS, name)
    return name


async def _network(visit: Visit, network_id: str) -> str:
    return str((await visit.ask_or({"name": network_id}, "registry", f"/networks/{network_id}"))["name"])


def sides(changes: Iterable[Mapping[str, list[Any]]]) -> list[dict[str, Any]]:
    """The earlier and the later fields of each of some changes, as records that `names_for` understands."""
    return [{field: pair[side] for field, pair in change.items()} for change in changes for side in (0, 1)]
