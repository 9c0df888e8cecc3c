"""A person's record, for staff and the person; an organisation's, for everybody."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from services.gateway.pages import called
from services.gateway.pages.choices import bodies
from services.gateway.visit import Visit, page

NONE: dict[str, Any] = {"items": [], "total": 0}


async def person(visit: Visit) -> Response:
    """Who it is, and where they belong as what."""
    visit.require_signed_in()
    person_id = visit.path["person_id"]
    found, networks, names = await asyncio.gather(
        visit.ask("membership", f"/people/{person_id}"),
        visit.ask_or(NONE, "membership", f"/people/{person_id}/networks"),
        bodies(visit),
    )
    return visit.page(
        "people/person.html", found["name"], person=found, networks=networks["items"], names=names,
        organisation=await called.organisation(visit, found["organisation"]) if found["organisation"] else "",
    )  # fmt: skip


async def organisation(visit: Visit) -> Response:
    """What it is called, where it is, and the way to the networks that name it."""
    found, names = await asyncio.gather(
        visit.ask("membership", f"/organisations/{visit.path['organisation_id']}"), bodies(visit)
    )
    return visit.page("people/organisation.html", found["name"], organisation=found, names=names)


ROUTES = [page("/people/{person_id}", person), page("/organisations/{organisation_id}", organisation)]
