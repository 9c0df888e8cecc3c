"""Webhooks: what programs subscribe to. Signed as Standard Webhooks (https://www.standardwebhooks.com) has it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response

from services.notifications.access import subscription_owners
from services.notifications.commands import redelivery, switching
from services.notifications.commands import subscriptions as commands
from services.notifications.queries import subscriptions as queries
from services.notifications.schemas.subscriptions import (
    Enabling,
    NewSubscription,
    Rotation,
    Subscription,
    SubscriptionFields,
    SubscriptionWithSecret,
)
from services.notifications.sight import TEAM
from shared.auth import Principal, Session, may, signed_in
from shared.boundary import ChangeBody, IfMatch, Router, etag
from shared.fields import Page

router = Router(tags=["subscriptions"])
NOT_FIELDS = {"reason", "minor", "owner"}


@router.get("/subscriptions")
async def list_subscriptions(
    session: Session, status: Literal["", "active", "disabled"] = "",
    everybody: Annotated[bool, Query(description="Also those of others; for staff.")] = False,
    limit: Annotated[int, Query(ge=1, le=100)] = 25, cursor: Annotated[str, Query(max_length=64)] = "",
    by: Principal = may(signed_in, "alerts:read"),
) -> Page[Subscription]:  # fmt: skip
    """Your webhooks, and for staff those of the team; the oldest first."""
    mine = [by.person_id, TEAM] if by.is_staff else [by.person_id]
    owners = None if everybody and by.is_staff else mine
    found, total = await queries.subscriptions_page(
        session, owners=owners, status=status, after=cursor, limit=limit + 1
    )
    items = [Subscription.model_validate(row) for row in found[:limit]]
    return Page(items=items, next=items[-1].id if len(found) > limit else None, total=total)


@router.post("/subscriptions", status_code=201)
async def add_subscription(
    body: NewSubscription, request: Request, session: Session, response: Response,
    by: Principal = may(signed_in, "alerts:write"),
) -> SubscriptionWithSecret:  # fmt: skip
    """Add a webhook. The answer holds the secret that its messages are signed with; it is shown this once."""
    identity, secret = await commands.add_subscription(
        session, _settings(request), fields=body.model_dump(exclude=NOT_FIELDS), by=by, for_team=body.owner == "staff",
        reason=body.reason,
    )  # fmt: skip
    response.headers["location"] = f"/api/subscriptions/{identity}"
    return await _with_secret(session, response, identity, secret)


@router.get("/subscriptions/{subscription_id}")
async def get_subscription(
    subscription_id: str, session: Session, response: Response, _by: Principal = may(subscription_owners, "alerts:read")
) -> Subscription:
    """One webhook, and how its deliveries go."""
    return await _subscription(session, response, subscription_id)


@router.patch("/subscriptions/{subscription_id}")
async def change_subscription(
    subscription_id: str, body: SubscriptionFields, request: Request, session: Session, response: Response,
    expected: IfMatch, by: Principal = may(subscription_owners, "alerts:write"),
) -> Subscription:  # fmt: skip
    """Change its name, address, form or what it picks; each list that is sent is the whole list."""
    fields = {name: value for name, value in body.fields().items() if value is not None}
    await commands.change_subscription(
        session, _settings(request), subscription_id=subscription_id, fields=fields, by=by, expected=expected,
        reason=body.reason,
    )  # fmt: skip
    return await _subscription(session, response, subscription_id)


@router.delete("/subscriptions/{subscription_id}", status_code=204)
async def remove_subscription(
    subscription_id: str, session: Session, by: Principal = may(subscription_owners, "alerts:write")
) -> None:
    """Remove a webhook with its log."""
    await commands.remove_subscription(session, subscription_id=subscription_id, by=by)


@router.post("/subscriptions/{subscription_id}/secret")
async def rotate_secret(
    subscription_id: str, body: Rotation, request: Request, session: Session, response: Response,
    by: Principal = may(subscription_owners, "alerts:write"),
) -> SubscriptionWithSecret:  # fmt: skip
    """Make a new secret. Until the overlap ends, messages carry the signatures of the old and the new one."""
    secret = await commands.rotate_secret(
        session, _settings(request), subscription_id=subscription_id, by=by, reason=body.reason,
        overlap=timedelta(hours=body.overlap_hours),
    )  # fmt: skip
    return await _with_secret(session, response, subscription_id, secret)


@router.post("/subscriptions/{subscription_id}/disable")
async def disable(
    subscription_id: str, body: ChangeBody, session: Session, response: Response,
    by: Principal = may(subscription_owners, "alerts:write"),
) -> Subscription:  # fmt: skip
    """Send nothing until it is switched on again; what waits is kept."""
    await switching.disable(session, subscription_id=subscription_id, by=by, reason=body.reason)
    return await _subscription(session, response, subscription_id)


@router.post("/subscriptions/{subscription_id}/enable")
async def enable(
    subscription_id: str, body: Enabling, session: Session, response: Response,
    by: Principal = may(subscription_owners, "alerts:write"),
) -> Subscription:  # fmt: skip
    """Send again: what waited, with `missed` also what happened while it was off, and what happens from now on."""
    before = await switching.enable(session, subscription_id=subscription_id, by=by, reason=body.reason)
    if body.missed:
        since = redelivery.Range(after=before["disabled_after"] or 0)
        await redelivery.redeliver_range(session, subscription_id=subscription_id, which="missed", wanted=since)
    return await _subscription(session, response, subscription_id)


def _settings(request: Request) -> Any:
    return request.app.state.parts.settings


async def _subscription(session: Any, response: Response, subscription_id: str) -> Subscription:
    found = await queries.subscription_at(session, subscription_id)
    etag(response, found["revision"])
    return Subscription.model_validate(found)


async def _with_secret(session: Any, response: Response, identity: str, secret: str) -> SubscriptionWithSecret:
    """Said once: the answer is not to be stored, here or on the way."""
    response.headers["cache-control"] = "no-store"
    found = await queries.subscription_at(session, identity)
    etag(response, found["revision"])
    return SubscriptionWithSecret.model_validate({**found, "secret": secret})
