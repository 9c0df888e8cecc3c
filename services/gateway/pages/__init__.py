"""The pages: one module for each noun."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from services.gateway.pages import (
    account,
    alerts,
    asked,
    browsers,
    care_groups,
    challenges,
    changes,
    comparing,
    desk,
    directory,
    downloads,
    events,
    failing,
    feeds,
    help,
    history,
    home,
    how_fast,
    imports,
    lifecycle,
    links,
    mailbox,
    me,
    networks,
    newsletter,
    overlaps,
    oversight,
    pathway,
    people,
    preferences,
    previews,
    readers,
    records,
    roles,
    search,
    searches,
    second_step,
    service_changes,
    splitting,
    staff,
    standard_desk,
    standards,
    subscriptions,
    together,
    webhooks,
    why,
    workforce,
)
from services.gateway.visit import Visit, page
from shared.errors import NotFound

MODULES = (
    home,
    search,
    feeds,
    directory,
    imports,
    together,
    searches,
    networks,
    comparing,
    history,
    lifecycle,
    splitting,
    standards,
    asked,
    standard_desk,
    records,
    roles,
    links,
    overlaps,
    care_groups,
    pathway,
    people,
    me,
    alerts,
    oversight,
    events,
    challenges,
    service_changes,
    workforce,
    newsletter,
    previews,
    readers,
    desk,
    staff,
    failing,
    mailbox,
    webhooks,
    subscriptions,
    account,
    browsers,
    preferences,
    why,
    second_step,
    changes,
    downloads,
    help,
    how_fast,
)


def routes() -> list[BaseRoute]:
    """Every page, and last the one that says there is none."""
    return [route for module in MODULES for route in module.ROUTES] + [page("/{path:path}", nothing, "GET", "POST")]


async def nothing(_visit: Visit) -> Response:
    """No page is here."""
    raise NotFound("There is no page at this address. Check the address, or search for a network.")
