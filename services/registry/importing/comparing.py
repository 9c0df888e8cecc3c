"""One row beside the register: is it new, does it change a network, does it repeat one, or is it wrong?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.importing.fields import LABELS
from services.registry.importing.rows import WrongRow, read_row
from services.registry.importing.values import Words
from services.registry.tables import Effect, Import, Network
from services.registry.wording import folded
from shared.db import among

NEEDED = ("type", "care_group")
"""What a new network must have besides its name."""


@dataclass(frozen=True, slots=True)
class Twin:
    """What a row is like: a network of the register, or an earlier row. *how* they differ, as a sentence's end."""

    network_id: str = ""
    row: int | None = None
    name: str = ""
    how: str = ""


@dataclass(frozen=True)
class Known:
    """Networks of the register that some rows may mean: by name (in use), by id, and those an undo took off it."""

    by_name: Mapping[str, Network] = field(default_factory=dict)
    by_id: Mapping[str, Network] = field(default_factory=dict)
    taken_off: Mapping[str, Network] = field(default_factory=dict)


async def known_networks(session: AsyncSession, names: Sequence[str], ids: Sequence[str]) -> Known:
    """The networks with those folded *names* or *ids*, out of the session."""
    named = among(session, Network.sort_name, list({name for name in names if name}))
    found = list((await session.execute(select(Network).where(named))).scalars())
    if ids:
        found += (await session.execute(select(Network).where(among(session, Network.id, list(set(ids)))))).scalars()
    archived = [network.id for network in found if network.archived]
    undone = await _taken_off_by_undo(session, archived) if archived else {}
    for network in {network.id: network for network in found}.values():
        session.expunge(network)
    active = [network for network in found if not network.archived]
    return Known(
        {network.sort_name: network for network in active},
        {network.id: network for network in active},
        {network.sort_name: network for network in found if undone.get(network.id) == network.revision},
    )


async def _taken_off_by_undo(session: AsyncSession, ids: Sequence[str]) -> dict[str, int]:
    """Network → the revision that an undo left it with, where the undo took it off the register."""
    undone = select(Effect.network_id, Effect.revision).join(Import, Import.id == Effect.import_id)
    undone = undone.where(Import.status == "undone", among(session, Effect.network_id, list(ids)))
    return {
        network_id: revision + 1 for network_id, revision in await session.execute(undone.order_by(Effect.revision))
    }


def verdict_of(
    cells: Sequence[str], name: str, *, record: Import, words: Words, known: Known, twins: Sequence[Twin], choice: str,
    earlier: int | None,
) -> dict[str, Any]:  # fmt: skip
    """What becomes of a row: the outcome with its reason, and what it gives. *earlier* is a row above of equal name."""
    if not name:
        return _verdict("wrong", "Name: it is missing.")
    try:
        fields = read_row(cells, columns=record.columns, fixed=record.fixed, words=words)
    except WrongRow as wrong:
        return _verdict("wrong", str(wrong))
    network = known.by_name.get(folded(fields["name"]))
    if earlier is not None:
        return _verdict("duplicate", f"The same name as row {earlier}.", fields, twin_row=earlier)
    if network is not None:
        return compared(network, fields)
    twin = next((found for twin in twins if (found := _still_there(twin, known, fields))), None)
    if twin is not None and choice != "new":
        return _like(twin, known, fields, choice)
    return _new(fields, known.taken_off.get(folded(fields["name"])), twin)


def _still_there(twin: Twin, known: Known, fields: Mapping[str, Any]) -> Twin | None:
    """The twin, unless it left the register, or covers other areas: then it is another network of that kind."""
    if not twin.network_id:
        return twin
    network = known.by_id.get(twin.network_id)
    if network is None or _elsewhere(network.bodies, fields.get("bodies", [])):
        return None
    return Twin(network.id, None, network.name, twin.how)


def _elsewhere(one: Sequence[str], other: Sequence[str]) -> bool:
    return bool(one and other and not set(one) & set(other))


def _like(twin: Twin, known: Known, fields: dict[str, Any], choice: str) -> dict[str, Any]:
    named = f"“{twin.name}” on the register" if twin.network_id else f"row {twin.row}"
    about = {"network_id": twin.network_id, "twin_row": twin.row, "twin_name": twin.name, "likely": True}
    if choice != "same":
        how = f": {twin.how}" if twin.how else ""
        return _verdict("duplicate", f"Probably the same as {named}{how}.", fields, **about)
    if not twin.network_id:
        return _verdict("duplicate", f"Left out: you said that it is the same as {named}.", fields, **about)
    network = known.by_id[twin.network_id]
    called = list(dict.fromkeys([*network.aliases, *fields.get("aliases", []), fields["name"]]))
    other = {key: value for key, value in fields.items() if key != "name"} | {"aliases": called}
    return {**compared(network, other), **about}


def compared(network: Network, fields: dict[str, Any]) -> dict[str, Any]:
    """A row beside the network that it names."""
    changes = {
        key: [_plain(getattr(network, key)), _plain(value)]
        for key, value in fields.items()
        if not _equal(getattr(network, key), value)
    }
    about = {"network_id": network.id, "twin_name": network.name}
    if not changes:
        return _verdict("duplicate", "On the register already, with the same particulars.", fields, **about)
    listed = [LABELS.get(key, key).lower() for key in changes]
    sentence = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
    return _verdict("changed", f"Changes {sentence}.", fields, changes=changes, **about)


def _equal(one: Any, other: Any) -> bool:
    return sorted(one) == sorted(other) if isinstance(one, list) and isinstance(other, list) else bool(one == other)


def _new(fields: dict[str, Any], taken_off: Network | None, twin: Twin | None) -> dict[str, Any]:
    missing = [LABELS[name] for name in NEEDED if not fields.get(name)]
    likely = (
        {"likely": True, "network_id": twin.network_id, "twin_row": twin.row, "twin_name": twin.name} if twin else {}
    )
    if missing:
        needed = " and ".join(label.lower() for label in missing)
        return _verdict("wrong", f"{missing[0]}: a new network needs its {needed}.", fields, **likely)
    if taken_off is not None:
        return _verdict("new", "An import that was undone had it; it comes back.", fields, network_id=taken_off.id)
    return _verdict("new", "", fields, **likely)


def _verdict(outcome: str, reason: str, fields: Mapping[str, Any] | None = None, **about: Any) -> dict[str, Any]:
    given = {key: _plain(value) for key, value in (fields or {}).items()}
    empty: dict[str, Any] = {"network_id": "", "twin_row": None, "twin_name": "", "likely": False, "changes": {}}
    return {**empty, "outcome": outcome, "reason": reason[:2000], "fields": given, **about}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
