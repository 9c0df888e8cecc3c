"""Overlaps: which networks may belong together, kept up to date pair by pair, and what people decide about them.

A pair is scored again when something about it changes: a network's record, or the people in common. What both
networks are is read from the register itself, so it does not matter how often, or in which order, that is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.access import edits
from services.registry.commands.likeness import COMPARED, alike, common_areas, score
from services.registry.commands.link_rules import turned
from services.registry.commands.links import add_link
from services.registry.tables import Cover, Link, Network, Overlap
from shared import clock
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts.registry import OVERLAP_DISMISSED, OverlapState
from shared.db import among, take_turn
from shared.envelope import new_id
from shared.errors import Conflict, NotFound
from shared.outbox import change, publish
from shared.rows import insert_rows

OVERLAPS = "overlaps"
"""The turn in which pairs are counted and scored."""
Pair = tuple[str, str]
MORE_PEOPLE, MORE_BY = 5, 1.5
"""A dismissed pair is suggested again when so many more people, and so many times as many, are in common."""
MOST_NEIGHBOURS = 40
"""How many pairs one change of a network makes at most, however crowded its area is."""
FEW_NEIGHBOURS, MOST_PAIRS = 5, 2_500
"""Where an import changes many at once, each makes fewer: a hundred thousand times forty pairs would help nobody."""
AT_ONCE = 500
"""Pairs between two turns of others."""
SCORED = ("areas", "alike", "score", "status")


class NoSuchOverlap(NotFound):
    """There is no such overlap; the networks may have changed. Look at the list again."""


class DismissedAlready(Conflict):
    """This overlap is dismissed already; it comes back when more people or another area are in common."""


def pair(one: str, other: str) -> Pair:
    """Two networks in the order in which a pair is kept."""
    return (one, other) if one < other else (other, one)


async def networks_changed(session: AsyncSession, network_ids: Collection[str]) -> None:
    """Score again what these networks overlap with: what is known, and what shares their areas and care group now."""
    ids = sorted(set(network_ids))
    if not ids:
        return
    await take_turn(session, OVERLAPS)
    touching = or_(among(session, Overlap.one_id, ids), among(session, Overlap.other_id, ids))
    known = (await session.execute(select(Overlap.one_id, Overlap.other_id).where(touching))).all()
    await score_again(session, {(one, other) for one, other in known} | await _neighbours(session, ids))


async def _neighbours(session: AsyncSession, ids: Sequence[str]) -> set[Pair]:
    """What shares an area and the care group with each of these, those of the same level first, up to so many."""
    most = min(MOST_NEIGHBOURS, max(FEW_NEIGHBOURS, MOST_PAIRS // len(ids)))
    columns = (Network.id, Network.care_group, Network.level, Network.bodies)
    mine = select(*columns).where(among(session, Network.id, ids), Network.archived.is_(False))
    near: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    found: set[Pair] = set()
    for network_id, care_group, level, bodies in (await session.execute(mine)).all():
        kind = (care_group, level, tuple(sorted(bodies)))
        if kind not in near:
            near[kind] = await _first_of(session, *kind, most=most + 1)
        others = [other for other in near[kind] if other != network_id]
        found |= {pair(network_id, other) for other in others[:most]}
    return found


async def _first_of(
    session: AsyncSession, care_group: str, level: str, bodies: Sequence[str], *, most: int
) -> list[str]:
    """The first *most* networks of a care group in any of these areas, those of *level* before the others.

    They are met in the order of an index and it ends with the last that is wanted, however crowded the area is.
    """
    covers = exists().where(Cover.network_id == Network.id, Cover.body.in_(bodies))
    query = select(Network.id).where(Network.care_group == care_group, Network.archived.is_(False), covers)
    query = query.order_by(Network.sort_name, Network.id)
    found = list((await session.execute(query.where(Network.level == level).limit(most))).scalars())
    if len(found) < most:
        found += (await session.execute(query.where(Network.level != level).limit(most - len(found)))).scalars()
    return found


async def count_people(session: AsyncSession, changes: Mapping[Pair, int]) -> None:
    """Add to the people in common of each pair. Take the turn first."""
    rows = [_new(each, people=number) for each, number in sorted(changes.items())]
    await insert_rows(
        session, Overlap.__table__, rows,  # type: ignore[arg-type]
        "ON CONFLICT (one_id, other_id) DO UPDATE SET people = network_pairs.people + excluded.people",
    )  # fmt: skip


async def score_again(session: AsyncSession, pairs: Collection[Pair]) -> None:
    """Bring the pairs up to what is true of their networks now; a pair that says nothing any more goes."""
    ordered = sorted(pairs)
    networks = await _compared(session, {end for each in pairs for end in each})
    for first in range(0, len(ordered), AT_ONCE):
        await _score(session, ordered[first : first + AT_ONCE], networks)
        await asyncio.sleep(0)  # a crowded area has thousands of pairs: others have a turn


async def _compared(session: AsyncSession, ids: Collection[str]) -> dict[str, Any]:
    """Of networks, what is compared."""
    columns = (Network.id, *(getattr(Network, name) for name in sorted(COMPARED)))
    found: dict[str, Any] = {}
    ordered = sorted(ids)
    for first in range(0, len(ordered), AT_ONCE):
        some = among(session, Network.id, ordered[first : first + AT_ONCE])
        found |= {row.id: row for row in await session.execute(select(*columns).where(some))}
    return found


async def _score(session: AsyncSession, pairs: Sequence[Pair], networks: Mapping[str, Any]) -> None:
    if not pairs:
        return
    known = await _overlaps(session, set(pairs))
    kept: list[dict[str, Any]] = []
    gone: list[str] = []
    for each in pairs:
        row = _scored(known.get(each) or _new(each), networks)
        if row["score"] or row["people"] or row["dismissed_at"]:
            kept.append(row)
        elif each in known:
            gone.append(row["id"])
    if kept:
        replaced = ", ".join(f"{name} = excluded.{name}" for name in SCORED)
        tail = f"ON CONFLICT (one_id, other_id) DO UPDATE SET {replaced}"
        await insert_rows(session, Overlap.__table__, kept, tail)  # type: ignore[arg-type]
    if gone:
        await session.execute(delete(Overlap).where(among(session, Overlap.id, gone)))


async def _overlaps(session: AsyncSession, pairs: Collection[Pair]) -> dict[Pair, dict[str, Any]]:
    ones, others = sorted({one for one, _ in pairs}), sorted({other for _, other in pairs})
    columns = Overlap.__table__.columns
    query = select(*columns).where(among(session, Overlap.one_id, ones), among(session, Overlap.other_id, others))
    rows = [dict(row) for row in (await session.execute(query)).mappings()]
    return {(row["one_id"], row["other_id"]): row for row in rows if (row["one_id"], row["other_id"]) in pairs}


def _new(each: Pair, people: int = 0) -> dict[str, Any]:
    return {
        "one_id": each[0], "other_id": each[1], "id": new_id(), "revision": 1, "people": people, "areas": [],
        "alike": 0, "score": 0, "status": "open", "dismissed_at": None, "dismissed_by": "", "dismissed_reason": "",
        "dismissed_people": 0, "dismissed_areas": [],
    }  # fmt: skip


def _scored(row: dict[str, Any], networks: Mapping[str, Any]) -> dict[str, Any]:
    a, b = networks.get(row["one_id"]), networks.get(row["other_id"])
    if a is None or b is None:  # memberships of a network that the register does not know
        return {**row, "areas": [], "alike": 0, "score": 0}
    areas, likeness = common_areas(a, b), alike(a, b)
    points = score(a, b, people=row["people"], areas=areas, likeness=likeness)
    status = "open" if row["status"] == "dismissed" and _is_other_now(row, areas) else row["status"]
    return {**row, "areas": areas, "alike": likeness, "score": points, "status": status}


def _is_other_now(row: Mapping[str, Any], areas: Sequence[str]) -> bool:
    """Whether something material was added since a pair was dismissed: an area, or many more people."""
    then = row["dismissed_people"]
    return bool(set(areas) - set(row["dismissed_areas"])) or row["people"] >= max(then + MORE_PEOPLE, then * MORE_BY)


async def accept_overlap(
    session: AsyncSession, *, overlap_id: str, kind: str, care_group: str = "", since: date | None = None,
    note: str = "", by: Principal, reason: str = "", minor: bool = False,
) -> Link:  # fmt: skip
    """Link the two networks; *kind* is said from the first. Raises NoSuchOverlap, and what `add_link` raises."""
    overlap = await _overlap(session, overlap_id)
    network_id, other_id = overlap.one_id, overlap.other_id
    if not by.is_staff and not await edits(session, by.person_id, network_id):
        network_id, other_id, kind = other_id, network_id, turned(kind)
    return await add_link(
        session, network_id=network_id, kind=kind, other_id=other_id, care_group=care_group, since=since, note=note,
        by=by, reason=reason, minor=minor,
    )  # fmt: skip


async def dismiss_overlap(
    session: AsyncSession, *, overlap_id: str, by: Principal, reason: str, expected: int | None = None
) -> Overlap:
    """Suggest it no more until something material changes. Raises NoSuchOverlap, DismissedAlready, ChangedMeanwhile."""
    await take_turn(session, OVERLAPS)
    overlap = await _overlap(session, overlap_id)
    require_revision(expected, overlap.revision)
    if overlap.status == "dismissed":
        raise DismissedAlready
    before = _state(overlap).model_dump(mode="json")
    overlap.status, overlap.revision = "dismissed", overlap.revision + 1
    overlap.dismissed_at, overlap.dismissed_by, overlap.dismissed_reason = clock.now(), by.person_id, reason
    overlap.dismissed_people, overlap.dismissed_areas = overlap.people, overlap.areas
    said = change(OVERLAP_DISMISSED, _state(overlap), key=overlap.id, before=before, actor=by.person_id, reason=reason)
    await publish(session, said)
    return overlap


async def _overlap(session: AsyncSession, overlap_id: str) -> Overlap:
    overlap = (await session.execute(select(Overlap).where(Overlap.id == overlap_id))).scalar_one_or_none()
    if overlap is None:
        raise NoSuchOverlap
    return overlap


def _state(overlap: Overlap) -> OverlapState:
    return OverlapState(
        id=overlap.id, revision=overlap.revision, network_id=overlap.one_id, other_id=overlap.other_id,
        people=overlap.people, areas=overlap.areas, status=overlap.status,
    )  # fmt: skip
