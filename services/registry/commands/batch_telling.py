"""What is said of a change of many networks: one message, so that a member of several of them hears of it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.registry.commands.networks import LABELS
from services.registry.tables import Batch, Network
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.contracts import Contract
from shared.contracts.registry import BATCH_ANNOUNCED, BATCH_APPLIED, BATCH_REVERTED, BatchState
from shared.outbox import Change, change

TOLD = "told"
"""The status of a batch that changed nothing and told something."""
RELATIONS = {
    "works_with": "working with", "shares_pathway_with": "sharing a pathway with", "parent_of": "the parent of",
    "part_of": "part of", "scrutinises": "scrutinising", "scrutinised_by": "scrutinised by",
    "succeeds": "the successor of", "succeeded_by": "succeeded by",
}  # fmt: skip
LONGEST_NAME = 110


def applied(batch: Batch, networks: Sequence[Network], other: Network | None, by: Principal) -> Change:
    """That *networks* were changed, and linked to *other* where it is given."""
    return _told(BATCH_APPLIED, batch, networks, other, by)


def reverted(batch: Batch, networks: Sequence[Network], other: Network | None, by: Principal) -> Change:
    """That the change of *networks* was taken back."""
    return _told(BATCH_REVERTED, batch, networks, other, by)


def announced(batch: Batch, networks: Sequence[Network], by: Principal) -> Change:
    """Something that is told to all who hear of *networks*."""
    return _told(BATCH_ANNOUNCED, batch, networks, None, by)


def _told(
    contract: Contract, batch: Batch, networks: Sequence[Network], other: Network | None, by: Principal
) -> Change:
    ends = [*networks, *([other] if other else [])]
    bodies = list(dict.fromkeys(body for network in ends for body in network.bodies))
    state = BatchState(
        id=batch.id, revision=batch.revision, status=batch.status, networks=[network.id for network in networks],
        bodies=bodies, kept=batch.kept, fields={name: _shown(value) for name, value in batch.fields.items()},
    )  # fmt: skip
    is_word = batch.status == TOLD
    concerns = Concerns(
        networks=tuple(dict.fromkeys(one.id for one in ends)), bodies=() if is_word else tuple(bodies),
        staff=not is_word,
    )  # fmt: skip
    headline = _headline(batch, networks, other, is_back=contract == BATCH_REVERTED) if networks else ""
    announcement = Announcement(
        headline=headline[:300], category="news" if is_word else "governance", concerns=concerns,
        path=f"/networks/together/{batch.id}",
    ) if networks else None  # fmt: skip
    return change(
        contract, state, key=batch.id, announcement=announcement, actor=by.person_id, reason=batch.reason,
        minor=batch.minor,
    )  # fmt: skip


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['kind']} {value['other_id']}"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _headline(batch: Batch, networks: Sequence[Network], other: Network | None, *, is_back: bool) -> str:
    if batch.status == TOLD:
        return str(batch.fields["headline"])
    first = networks[0].name[:LONGEST_NAME]
    more = "1 more network" if len(networks) == 2 else f"{len(networks) - 1:,} more networks"
    which = first if len(networks) == 1 else f"{first} and {more}"
    if other:
        return f"{which}: {_linked(batch, is_back)} {other.name[:LONGEST_NAME]}"
    if "archived" in batch.fields:
        return f"{which} {'put back on' if is_back else 'taken off'} the register"
    names = [LABELS.get(name, name) for name in dict.fromkeys(_called(name) for name in batch.fields)]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{which}: {listed} {'changed back' if is_back else 'changed'}"


def _linked(batch: Batch, is_back: bool) -> str:
    name, wanted = next(iter(batch.fields.items()))
    holds = (name == "link") != is_back
    again = "again " if holds and is_back else ""
    return f"{again or ('now ' if holds else 'no longer ')}{RELATIONS[wanted['kind']]}"


def _called(name: str) -> str:
    return "bodies" if name in ("add_bodies", "remove_bodies") else name
