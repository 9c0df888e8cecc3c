"""Saved searches: save one, see what came to match it, rename it, delete it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import bodies
from services.gateway.pages.directory import FACETS, SAVED, address_of, shown
from services.gateway.pages.forms import error_list, error_of, text
from services.gateway.visit import Visit, page

LABELS = {"name": "Name", "q": "Words"}


async def searches(visit: Visit) -> Response:
    """All that a person saved, each with the way to its results."""
    visit.require_signed_in()
    found = await visit.ask("registry", "/searches")
    names = await bodies(visit)
    rows = [described(search, names) for search in found["items"]]
    gone = {name: visit.query.get(name, "")[:200] for name in ("name", *SAVED)} if visit.query.get("deleted") else {}
    return visit.page("searches/list.html", "Your saved searches", searches=rows, gone=gone)


async def search(visit: Visit) -> Response:
    """One search, what came to match it, and the forms that rename and delete it."""
    visit.require_signed_in()
    return await _one(visit)


async def new(visit: Visit) -> Response:
    """The form that names a search, with what it looks for."""
    visit.require_signed_in()
    return await _form(visit, {name: visit.query.get(name, "")[:200] for name in SAVED})


async def save(visit: Visit) -> Response:
    """Save a search."""
    form = await visit.form()
    asked = {name: text(form, name) for name in SAVED}
    try:
        await visit.change("registry", "POST", "/searches", {**asked, "name": text(form, "name")})
    except Refused as refused:
        if refused.status not in (400, 409, 422):
            raise
        return await _form(visit, asked, refused=refused, name=text(form, "name"))
    return visit.back("/searches?done=search-saved")


async def rename(visit: Visit) -> Response:
    """Give a search another name."""
    form = await visit.form()
    there = f"/searches/{visit.path['search_id']}"
    try:
        await visit.change("registry", "PATCH", there, {"name": text(form, "name")})
    except Refused as refused:
        if refused.status not in (400, 409, 422):
            raise
        return await _one(visit, refused=refused, name=text(form, "name"))
    return visit.back(f"{there}?done=search-renamed")


async def forget(visit: Visit) -> Response:
    """Delete a search, and offer it again: saved anew it is the same, but for what came to match before."""
    await visit.form()
    there = f"/searches/{visit.path['search_id']}"
    search = await visit.ask("registry", there)
    await visit.change("registry", "POST", f"{there}/delete")
    kept = {name: search[name] for name in ("name", *SAVED) if search[name]}
    return visit.back(f"/searches?{urlencode({'done': 'search-deleted', 'deleted': 'yes', **kept})}")


def described(search: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A search with what it looks for in words, and the address of its results."""
    looks_for = [f"“{search['q']}”"] if search["q"] else []
    looks_for += [f"{label}: {shown(name, search[name], names)}" for name, label in FACETS if search.get(name)]
    return {**search, "looks_for": looks_for, "address": address_of(search)}


async def _one(visit: Visit, *, refused: Refused | None = None, name: str = "") -> Response:
    found = await visit.ask("registry", f"/searches/{visit.path['search_id']}")
    errors = error_list(refused, LABELS, otherwise="name") if refused else []
    return visit.page(
        "searches/search.html", found["name"], status=refused.status if refused else 200,
        search=described(found, await bodies(visit)), name=name or found["name"], errors=errors, error_of=error_of,
    )  # fmt: skip


async def _form(visit: Visit, asked: Mapping[str, Any], *, refused: Refused | None = None, name: str = "") -> Response:
    search = described(asked, await bodies(visit))
    errors = error_list(refused, LABELS, otherwise="name") if refused else []
    return visit.page(
        "searches/new.html", "Save this search", status=refused.status if refused else 200, search=search,
        asked=[(field, asked[field]) for field in SAVED if asked[field]], errors=errors, error_of=error_of,
        name=name or ", ".join(part.strip("“”").partition(": ")[2] or part.strip("“”") for part in search["looks_for"]),
    )  # fmt: skip


ROUTES = [
    page("/searches", searches),
    page("/searches/new", new),
    page("/searches", save, "POST"),
    page("/searches/{search_id}", search),
    page("/searches/{search_id}/rename", rename, "POST"),
    page("/searches/{search_id}/delete", forget, "POST"),
]
