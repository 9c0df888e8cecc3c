"""A person's inbox."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from services.notifications import inbox
from services.notifications.alerts import head, offset_in
from services.notifications.commands import reading
from services.notifications.schemas.alerts import Alert, Alerts, ReadBody, UnreadBody
from shared.auth import Principal, Session, may, signed_in
from shared.boundary import Router

router = Router(tags=["alerts"])
END = 2**62


@router.get("/alerts")
async def list_alerts(
    session: Session, unread: bool = False, network: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 25, cursor: Annotated[str, Query(max_length=60)] = "",
    by: Principal = may(signed_in, "alerts:read"),
) -> Alerts:  # fmt: skip
    """Your alerts, newest first."""
    epoch, newest = await head(session)
    before = offset_in(cursor, epoch) if cursor else END
    found = await inbox.newest(session, by.person_id, before=before, limit=limit + 1, network_id=network, unread=unread)
    total, new = await inbox.counts(session, by.person_id, network_id=network)
    items = [Alert.model_validate(item) for item in found[:limit]]
    following = items[-1].position if len(found) > limit else None
    return Alerts(items=items, next=following, total=new if unread else total, unread=new, position=f"{epoch}-{newest}")


@router.post("/alerts/read", status_code=204)
async def read(body: ReadBody, session: Session, by: Principal = may(signed_in, "alerts:write")) -> None:
    """Mark alerts as read: some of them, or all up to a position."""
    if body.up_to:
        await reading.mark_all(session, up_to=body.up_to, by=by)
    else:
        await reading.mark(session, message_ids=body.ids, read=True, by=by)


@router.post("/alerts/unread", status_code=204)
async def unread(body: UnreadBody, session: Session, by: Principal = may(signed_in, "alerts:write")) -> None:
    """Mark alerts as unread."""
    await reading.mark(session, message_ids=body.ids, read=False, by=by)
