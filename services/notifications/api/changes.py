"""What changed, for programs that ask: the same sequence that streams and webhooks bring."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from services.notifications.alerts import head, offset_in
from services.notifications.delivery.webhooks.message import asked_for
from services.notifications.queries import changes as queries
from services.notifications.schemas.alerts import AlertCore, CareGroup, Id
from services.notifications.schemas.changes import Archive, Changes, Sight
from services.notifications.schemas.subscriptions import Body, Type
from services.notifications.tables import alerts
from shared.announcement import Category
from shared.auth import Principal, Session, anyone, may
from shared.boundary import Router
from shared.db import total_of
from shared.declared import MAY_END
from shared.picker import Picker

router = Router(tags=["changes"])
END = 2**62
Limit = Annotated[int, Query(ge=1, le=200)]


def nothing() -> list[str]:
    """What is asked for by default. Its signature is read at every request, twice: that of `list` takes 0.2 ms."""
    return []


Some = Query(default_factory=nothing, max_length=50)


async def picker(
    type: Annotated[list[Type], Some], network: Annotated[list[Id], Some], body: Annotated[list[Body], Some],
    care_group: Annotated[list[CareGroup], Some], category: Annotated[list[Category], Some],
) -> Picker:  # fmt: skip
    """What is asked for; each parameter may be repeated."""
    return Picker(tuple(type), tuple(network), tuple(body), tuple(care_group), tuple(category))


@router.get("/changes", responses=MAY_END)
async def list_changes(
    session: Session, wanted: Annotated[Picker, Depends(picker)],
    after: Annotated[str, Query(max_length=60, description="A position: what came since, oldest first.")] = "",
    cursor: Annotated[str, Query(max_length=60)] = "", limit: Limit = 50,
    q: Annotated[str, Query(max_length=200, description="Words of the headline or the network.")] = "",
    by: Principal = may(anyone, "alerts:read"),
) -> Changes:  # fmt: skip
    """What changed and you may see: newest first, or, *after* a position, exactly what came since, oldest first.

    Each parameter may be repeated: one of its values must hold. `position` is where to go on or to open the stream.
    """
    epoch, newest = await head(session)
    conditions = queries.seen_by(by, wanted) + await queries.saying(session, q)
    if after:
        start = offset_in(cursor or after, epoch)
        found = await queries.changes_after(session, conditions, after=start, limit=limit + 1)
    else:
        before = offset_in(cursor, epoch) if cursor else END
        found = await queries.changes_page(session, conditions, before=before, limit=limit + 1)
    items = [AlertCore.model_validate(row) for row in found[:limit]]
    return Changes(
        items=items, next=items[-1].position if len(found) > limit else None,
        total=await total_of(session, alerts, conditions, found, limit=limit, first=not (after or cursor)),
        position=f"{epoch}-{newest}",
        why=f"because you asked for {asked_for(wanted)}" if not wanted.is_empty else "because you may see it",
    )  # fmt: skip


@router.get("/changes/archive", include_in_schema=False)
async def archive(
    session: Session, wanted: Annotated[Picker, Depends(picker)],
    page: Annotated[int, Query(ge=-1, le=10**9, description="Counted from the oldest; -1: the newest.")] = -1,
    size: Limit = 50, by: Principal = may(anyone, "alerts:read"),
) -> Archive:  # fmt: skip
    """What feeds are made of: the newest changes, or a page of *size* that, once full, never changes."""
    conditions = queries.seen_by(by, wanted)
    total = await queries.count_of(session, conditions)
    if page < 0:
        found = await queries.changes_page(session, conditions, before=END, limit=size)
    else:
        found = list(reversed(await queries.changes_from(session, conditions, first=page * size, limit=size)))
    return Archive(items=[AlertCore.model_validate(row) for row in found], total=total)


@router.get("/changes/{message_id}/sight", include_in_schema=False)
async def sight(message_id: Id, session: Session, by: Principal = may(anyone, "operations:read")) -> Sight:
    """Whether you may read what was told of one change, for the page that follows it."""
    return Sight(seen=await queries.is_seen(session, by, message_id))
