"""Browser notifications: which of a person's browsers are sent them."""

from __future__ import annotations

from fastapi import Request, Response

from services.notifications.commands import browsers as commands
from services.notifications.delivery.pushes.sealing import Seal
from services.notifications.queries.browsers import browsers_of
from services.notifications.schemas.browsers import Browser, BrowserBody, Browsers
from shared.auth import Principal, Session, may, signed_in
from shared.boundary import Router
from shared.errors import NotFound
from shared.outside.addresses import Doors

router = Router(tags=["alerts"])


class NoNotifications(NotFound):
    """This installation sends no browser notifications; its operator has not given it a key for them."""


@router.get("/browsers")
async def list_browsers(
    request: Request, session: Session, by: Principal = may(signed_in, "alerts:read")
) -> Browsers:  # fmt: skip
    """Your browsers that are sent notifications."""
    settings = request.app.state.parts.settings
    key = Seal(settings.push_key, settings.mail_from).public_key if settings.push_key else ""
    return Browsers(key=key, items=[Browser(**found) for found in await browsers_of(session, by.person_id)])


@router.post("/browsers", status_code=201)
async def add_browser(
    body: BrowserBody, request: Request, session: Session, response: Response,
    by: Principal = may(signed_in, "alerts:write"),
) -> dict[str, str]:  # fmt: skip
    """Send notifications of what you are told live or by mail at once to this browser too."""
    settings = request.app.state.parts.settings
    if not settings.push_key:
        raise NoNotifications
    doors = Doors(settings.webhook_allow)
    browser_id = await commands.add_browser(session, fields=body.fields(), doors=doors, by=by)
    response.headers["location"] = f"/browsers/{browser_id}"
    return {"id": browser_id}


@router.delete("/browsers/{browser_id}", status_code=204)
async def remove_browser(browser_id: str, session: Session, by: Principal = may(signed_in, "alerts:write")) -> None:
    """Send it none any more."""
    await commands.remove_browser(session, browser_id=browser_id, by=by)
