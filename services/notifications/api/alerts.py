"""A person's inbox."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request

from services.notifications import inbox
from services.notifications.alerts import offset_in
from services.notifications.commands import reading
from services.notifications.commands.less import get_less
from services.notifications.counts import Counts, counted, counted_of
from services.notifications.queries.why import explanation
from services.notifications.schemas.alerts import Alert, Alerts, ReadBody, Standing, UnreadBody
from services.notifications.schemas.why import Explanation, LessBody
from shared.auth import Principal, Session, may, signed_in
from shared.boundary import ChangeBody, Router

router = Router(tags=["alerts"])


def standing(counts: Counts) -> dict[str, Any]:
    """The counts, as every answer says them."""
    return {
        "unread": counts.unread, "total": counts.total, "revision": counts.revision,
        "position": f"{counts.epoch}-{counts.head}",
    }  # fmt: skip


@router.get("/alerts")
async def list_alerts(
    request: Request, session: Session, unread: bool = False, network: Annotated[str, Query(max_length=64)] = "",
    q: Annotated[str, Query(max_length=200)] = "", limit: Annotated[int, Query(ge=1, le=100)] = 25,
    cursor: Annotated[str, Query(max_length=60)] = "", by: Principal = may(signed_in, "alerts:read"),
) -> Alerts:  # fmt: skip
    """Your alerts, newest first; with *q* those in which every word of it begins a word."""
    candidates = await inbox.candidates_of(session, by.person_id, inbox.Wanted(network, unread, q))
    counts = await counted(session, request.app.state.parts.store, by.person_id)
    before = offset_in(cursor, counts.epoch) if cursor else counts.head + 1
    found = await inbox.newest(
        session, by.person_id, before=before, limit=limit + 1, candidates=candidates, unread=unread
    )
    total, new, at_least = counts.total, counts.unread, False
    if network or q:
        total, new, at_least = await counted_of(session, by.person_id, candidates, head=counts.head)
    items = [Alert.model_validate(item) for item in found[:limit]]
    following = items[-1].position if len(found) > limit else None
    whole = {**standing(counts), "total": new if unread else total}
    return Alerts(items=items, next=following, at_least=at_least, **whole)


@router.get("/alerts/unread")
async def count_unread(request: Request, session: Session, by: Principal = may(signed_in, "alerts:read")) -> Standing:
    """How many of your alerts are unread."""
    return Standing(**standing(await counted(session, request.app.state.parts.store, by.person_id)))


@router.post("/alerts/read", status_code=204)
async def read(body: ReadBody, session: Session, by: Principal = may(signed_in, "alerts:write")) -> None:
    """Mark alerts as read: some of them, or all up to a position."""
    if body.up_to:
        await reading.mark_all(session, up_to=body.up_to, by=by)
    else:
        await reading.mark(session, message_ids=body.ids, read=True, by=by)


@router.post("/alerts/read/undo", status_code=204)
async def take_back(_body: ChangeBody, session: Session, by: Principal = may(signed_in, "alerts:write")) -> None:
    """Take the last "all read" back."""
    await reading.take_back(session, by=by)


@router.get("/alerts/{message_id}/why")
async def why(message_id: str, session: Session, by: Principal = may(signed_in, "alerts:read")) -> Explanation:
    """Why you got an alert: the rule that matched, how it reached you and when."""
    return Explanation.model_validate(await explanation(session, by.person_id, message_id))


@router.post("/alerts/{message_id}/less", status_code=204)
async def less(
    message_id: str, body: LessBody, session: Session, by: Principal = may(signed_in, "alerts:write")
) -> None:
    """Get less like this: nothing of its network, or none of its kind there, or its kind once a week."""
    await get_less(session, by.person_id, message_id=message_id, what=body.what)


@router.post("/alerts/unread", status_code=204)
async def unread(body: UnreadBody, session: Session, by: Principal = may(signed_in, "alerts:write")) -> None:
    """Mark alerts as unread."""
    await reading.mark(session, message_ids=body.ids, read=False, by=by)
