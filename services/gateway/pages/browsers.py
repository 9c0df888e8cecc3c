"""Browser notifications: what the button on the preferences asks for, and the worker that shows them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.pages.forms import text
from services.gateway.visit import Visit, page

WORKER = "push-worker.js"


async def add(visit: Visit) -> Response:
    """This browser wants notifications."""
    form = await visit.form()
    visit.require_signed_in()
    keys = {name: text(form, name) for name in ("p256dh", "auth")}
    await visit.change("notifications", "POST", "/browsers", {"endpoint": text(form, "endpoint"), "keys": keys})
    return visit.back("/preferences?done=browser-on")


async def remove(visit: Visit) -> Response:
    """One of the reader's browsers wants none any more."""
    form = await visit.form()
    visit.require_signed_in()
    await visit.change("notifications", "DELETE", f"/browsers/{text(form, 'id')}")
    return visit.back("/preferences?done=browser-off#browsers")


async def worker(request: Request) -> Response:
    """The service worker: at the root, because it may act for no page above its own address."""
    content = request.app.state.edge.assets.content(WORKER)
    headers = {"cache-control": "no-cache", "content-security-policy": "default-src 'self'"}
    return Response(content, media_type="text/javascript", headers=headers | {"x-content-type-options": "nosniff"})


ROUTES = [
    page("/preferences/browsers", add, "POST"),
    page("/preferences/browsers/remove", remove, "POST"),
    Route(f"/{WORKER}", worker),
]
