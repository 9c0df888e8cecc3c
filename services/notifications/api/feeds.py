"""The key of a person's feeds."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.notifications.commands import feeds as commands
from services.notifications.queries.feeds import key_made_at
from services.notifications.schemas.feeds import AskedKey, FeedKey, KeyOwner
from shared.auth import Principal, Session, gateway_only, may, signed_in
from shared.boundary import ChangeBody, Question, Router

router = Router(tags=["changes"])
internal = APIRouter(prefix="/internal", include_in_schema=False, route_class=Question)


@router.get("/feed-key")
async def get_feed_key(session: Session, by: Principal = may(signed_in, "alerts:read")) -> FeedKey:
    """Whether you have a key for your feeds, and since when."""
    return FeedKey(made_at=await key_made_at(session, by.person_id))


@router.post("/feed-key", status_code=201)
async def make_feed_key(
    _body: ChangeBody, session: Session, response: Response, by: Principal = may(signed_in, "alerts:write")
) -> FeedKey:
    """Make a key that opens your feeds to a feed reader (`?key=…`); the one before stops working. Shown this once."""
    key = await commands.make_feed_key(session, by=by)
    response.headers["cache-control"] = "no-store"
    return FeedKey(made_at=await key_made_at(session, by.person_id), key=key)


@router.delete("/feed-key", status_code=204)
async def drop_feed_key(session: Session, by: Principal = may(signed_in, "alerts:write")) -> None:
    """Let no address with a key work any more."""
    await commands.drop_feed_key(session, by=by)


@internal.post("/feed-keys")
async def owner_of_key(body: AskedKey, session: Session, _by: Principal = may(gateway_only, "internal")) -> KeyOwner:
    """Whose key came with a feed's address."""
    return KeyOwner(person_id=await commands.person_of_key(session, body.key))
