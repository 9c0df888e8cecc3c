"""The log of a webhook: what was sent, what was answered, and sending again."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query, Request, Response

from services.notifications.access import subscription_owners
from services.notifications.alerts import head, offset_in
from services.notifications.api.newsletter import stationery
from services.notifications.commands import redelivery
from services.notifications.queries import subscriptions as queries
from services.notifications.schemas.subscriptions import Delivery, Redelivered, Redelivery, State, WholeDelivery
from shared.auth import Principal, Session, may
from shared.boundary import ChangeBody, Router
from shared.errors import BadRequest
from shared.fields import Page

router = Router(tags=["subscriptions"])
Number = Annotated[int, Path(ge=1, le=2**62)]
END = 2**62


class WrongCursor(BadRequest):
    """The cursor is not one of ours; begin again without it."""


@router.get("/subscriptions/{subscription_id}/deliveries")
async def list_deliveries(
    subscription_id: str, session: Session, state: State | Literal[""] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 25, cursor: Annotated[str, Query(max_length=19)] = "",
    _by: Principal = may(subscription_owners, "alerts:read"),
) -> Page[Delivery]:  # fmt: skip
    """What was sent or waits, the newest first; thirty days of it."""
    await queries.subscription_at(session, subscription_id)
    if cursor and not (cursor.isascii() and cursor.isdigit()):
        raise WrongCursor
    before = int(cursor or END)
    found, total = await queries.log_page(session, subscription_id, state=state, before=before, limit=limit + 1)
    items = [Delivery.model_validate(row) for row in found[:limit]]
    return Page(items=items, next=items[-1].id if len(found) > limit else None, total=total)


@router.get("/subscriptions/{subscription_id}/deliveries/{number}")
async def get_delivery(
    subscription_id: str, number: Number, request: Request, session: Session,
    _by: Principal = may(subscription_owners, "alerts:read"),
) -> WholeDelivery:  # fmt: skip
    """One message: what is sent, and every try with its answer."""
    return await _delivery(session, request, subscription_id, number)


@router.post("/subscriptions/{subscription_id}/test", status_code=202)
async def send_test(
    subscription_id: str, _body: ChangeBody, request: Request, session: Session, response: Response,
    _by: Principal = may(subscription_owners, "alerts:write"),
) -> WholeDelivery:  # fmt: skip
    """Send a test message at once; it is tried once. Its entry in the log says what came of it."""
    number = await redelivery.send_test(session, subscription_id=subscription_id)
    response.headers["location"] = f"/api/subscriptions/{subscription_id}/deliveries/{number}"
    return await _delivery(session, request, subscription_id, number)


@router.post("/subscriptions/{subscription_id}/deliveries/{number}/redeliver", status_code=202)
async def redeliver_one(
    subscription_id: str, number: Number, _body: ChangeBody, request: Request, session: Session,
    _by: Principal = may(subscription_owners, "alerts:write"),
) -> WholeDelivery:  # fmt: skip
    """Send one message again, under the same `webhook-id`."""
    await redelivery.redeliver_one(session, subscription_id=subscription_id, number=number)
    return await _delivery(session, request, subscription_id, number)


@router.post("/subscriptions/{subscription_id}/redeliver", status_code=202)
async def redeliver_range(
    subscription_id: str, body: Redelivery, session: Session, _by: Principal = may(subscription_owners, "alerts:write")
) -> Redelivered:
    """Send again, the oldest first, what failed (or was missed, or all) after a position or since a time."""
    epoch, _ = await head(session)
    after = offset_in(body.after, epoch) if body.after else 0
    wanted = redelivery.Range(after, body.since, body.until)
    count, reached, more = await redelivery.redeliver_range(
        session, subscription_id=subscription_id, which=body.which, wanted=wanted
    )
    return Redelivered(ordered=count, position=f"{epoch}-{reached}", more=more)


async def _delivery(session: Session, request: Request, subscription_id: str, number: int) -> WholeDelivery:
    entry = await queries.log_entry(session, subscription_id, number, stationery(request))
    return WholeDelivery.model_validate(entry)
