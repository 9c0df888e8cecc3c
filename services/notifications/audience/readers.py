"""Readers: what one person's inbox and open streams depend on, and its revision.

Invariants:
1. Whatever changes what a person sees (audiences, choices, what they read) raises their `revision` in the same
   transaction, and is named on the channel `readers` after the commit. A stream or a page that knows an older revision
   knows that it must look again; nothing else needs to be remembered.
2. `shape` rises with those changes alone that may bring or take alerts: what was counted under it still counts.
3. One transaction raises each person's revision once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.tables import preferences
from shared.hints import broadcast_after_commit
from shared.rows import insert_rows

_RAISED = """
ON CONFLICT (person_id) DO UPDATE SET revision = preferences.revision + 1, shape = preferences.shape + excluded.shape
RETURNING person_id, revision
"""


async def changed(session: AsyncSession, person_ids: Iterable[str]) -> None:
    """The audiences or choices of these people changed: their open streams are to look again."""
    said: set[str] = session.info.setdefault("readers_changed", set())
    fresh = sorted({person_id for person_id in person_ids if person_id not in said})
    said.update(fresh)
    for person_id, revision in await _raised(session, fresh, shape=1):
        _say(session, person_id, revision)


async def marked(session: AsyncSession, person_id: str, **marks: Any) -> int:
    """What a person has read changed; *marks* say how, so that open pages need not look again. Returns the revision.

    Call it first: it locks the person's row, so that two of their tabs take turns.
    """
    [(_, revision)] = await _raised(session, [person_id], shape=0)
    _say(session, person_id, revision, marks)
    return revision


def forgotten(session: AsyncSession, person_id: str) -> None:
    """A person was erased: nothing of theirs is left that could be raised."""
    session.info.setdefault("readers_changed", set()).add(person_id)
    _say(session, person_id, 0)


async def _raised(session: AsyncSession, person_ids: list[str], *, shape: int) -> list[tuple[str, int]]:
    if not person_ids:
        return []
    rows = [
        {"person_id": person_id, "revision": 1, "shape": shape, "interests_chosen": False} for person_id in person_ids
    ]
    return [(row[0], row[1]) for row in await insert_rows(session, preferences, rows, _RAISED)]


def _say(session: AsyncSession, person_id: str, revision: int, marks: dict[str, Any] | None = None) -> None:
    said = {"person_id": person_id, "revision": revision, "marks": marks}
    broadcast_after_commit(session, "readers", orjson.dumps(said))
