"""Networks that get another name, leave the register, come back or become one: each page says what will happen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages import networks
from services.gateway.pages.forms import entered, error_list, error_of, text
from services.gateway.visit import Visit, page
from shared import clock
from shared.errors import Forbidden

LABELS = {"name": "New name", "reason": "Reason", "into": "Network"}
FOUND = 10
NOTHING: dict[str, Any] = {"items": [], "total": 0, "members": 0}
NO_REASON = {"text": "Reason: enter why, for those who ask later", "href": "#reason"}


async def rename(visit: Visit) -> Response:
    """The form for another name."""
    record = await visit.network()
    await _require_editor(visit, record)
    return _form(visit, "rename", record, {"name": record["name"], "keep_name": "yes"})


async def renamed(visit: Visit) -> Response:
    """Give the name."""
    form, record = await visit.form(), await visit.network()
    body = {"name": text(form, "name"), "keep_name": text(form, "keep_name") == "yes", **_why(form)}
    return await _sent(visit, form, record, "rename", body, "renamed")


async def archive(visit: Visit) -> Response:
    """What leaving the register means for this network."""
    visit.require_staff()
    record = await visit.network()
    return _form(visit, "archive", record, {}, about=await _about(visit, record))


async def archived(visit: Visit) -> Response:
    """Take it off the register."""
    form, record = await visit.form(), await visit.network()
    if not text(form, "reason"):
        about = await _about(visit, record)
        return _form(visit, "archive", record, entered(form), errors=[NO_REASON], status=422, about=about)
    return await _sent(visit, form, record, "archive", _why(form), "archived")


async def restore(visit: Visit) -> Response:
    """What coming back means."""
    visit.require_staff()
    record = await visit.network()
    if record["merged_into"]:
        return await _part_page(visit, record, {})
    return _form(visit, "restore", record, {}, about=await _about(visit, record))


async def restored(visit: Visit) -> Response:
    """Put it back on the register."""
    form, record = await visit.form(), await visit.network()
    if not record["merged_into"]:
        return await _sent(visit, form, record, "restore", _why(form), "restored")
    if not text(form, "reason"):
        return await _part_page(visit, record, entered(form), errors=[NO_REASON], status=422)
    read = f'"{text(form, "read_revision")}"'
    try:
        path = f"/networks/{record['id']}/merge/undo"
        again = await visit.change("registry", "POST", path, _why(form), if_match=read)
    except Refused as refused:
        if refused.status not in (409, 412, 422):
            raise
        errors = error_list(refused, LABELS)
        return await _part_page(visit, record, entered(form), errors=errors, status=refused.status)
    return visit.back(f"/networks/{again['slug']}?done=parted")


async def _part_page(
    visit: Visit, record: Mapping[str, Any], values: Mapping[str, Any], *, errors: Any = (), status: int = 200
) -> Response:
    """What taking a merge back means."""
    whole, merge = await asyncio.gather(
        visit.ask("registry", f"/networks/{record['merged_into']}"),
        visit.ask("registry", f"/networks/{record['id']}/merge"),
    )
    return _form(visit, "part", record, values, errors=errors, status=status, whole=whole, merge=merge)


async def merge(visit: Visit) -> Response:
    """First find the network that it becomes part of, then see what will happen."""
    visit.require_staff()
    return await _merge_page(
        visit, await visit.network(), {"keep_names": "yes", "keep_bodies": "yes", "roles": "vacant"}
    )


async def merged(visit: Visit) -> Response:
    """Make it part of the other one."""
    form, record = await visit.form(), await visit.network()
    if not text(form, "reason"):
        return await _merge_page(visit, record, entered(form), errors=[NO_REASON])
    kept = {name: text(form, name) == "yes" for name in ("keep_names", "keep_bodies")}
    body = {"into": text(form, "into"), "roles": text(form, "roles") or "vacant", **kept, **_why(form)}
    read = f'"{text(form, "read_revision")}"'
    try:
        whole = await visit.change("registry", "POST", f"/networks/{record['id']}/merge", body, if_match=read)
    except Refused as refused:
        if refused.status not in (404, 409, 412, 422):
            raise
        return await _merge_page(visit, record, entered(form), errors=error_list(refused, LABELS))
    return visit.back(f"/networks/{whole['slug']}?was={record['slug']}&done=merged")


async def _merge_page(
    visit: Visit, record: Mapping[str, Any], values: Mapping[str, Any], *, errors: Any = ()
) -> Response:
    sought, into = visit.query.get("q", ""), visit.query.get("into", "") or str(values.get("into", ""))
    other = await visit.ask_or(None, "registry", f"/networks/{into}") if into else None
    found = await visit.ask("registry", "/network-names", q=sought, limit=FOUND) if sought and not other else NOTHING
    about: dict[str, Any] = {}
    if other:
        mine, theirs, shared = await asyncio.gather(
            _about(visit, record), visit.ask_or(NOTHING, "membership", f"/networks/{other['id']}/roles"),
            visit.ask_or({}, "membership", f"/networks/{record['id']}/members/shared", with_=other["id"]),
        )  # fmt: skip
        about = {"mine": mine, "shared": shared, "posts": _posts(mine["roles"], theirs["items"])}
    return _form(
        visit, "merge", record, values, errors=errors, status=422 if errors else 200, other=other, found=found,
        q=sought, about=about,
    )  # fmt: skip


def _posts(mine: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each leading role of the network that goes: who has it, and who has it in the other."""
    there = {role["role"]: role["name"] for role in theirs if role["status"] == "active"}
    return [{**role, "there": there.get(role["role"], "")} for role in mine if role["status"] == "active"]


async def _about(visit: Visit, record: Mapping[str, Any]) -> dict[str, Any]:
    """How much hangs on a network: its people, what it has planned, its links."""
    today = clock.today().isoformat()
    roles, planned, every, links = await asyncio.gather(
        visit.ask_or(NOTHING, "membership", f"/networks/{record['id']}/roles"),
        visit.ask_or(NOTHING, "events", "/events", network=record["id"], limit=1, from_=today),
        visit.ask_or(NOTHING, "events", "/events", network=record["id"], limit=1),
        visit.ask_or(NOTHING, "registry", f"/networks/{record['id']}/links", status="confirmed", limit=1),
    )
    return {
        "members": roles["members"], "roles": roles["items"], "planned": planned["total"], "events": every["total"],
        "links": links["total"],
    }  # fmt: skip


async def _require_editor(visit: Visit, record: Mapping[str, Any]) -> None:
    visit.require_signed_in()
    if not visit.principal.is_staff:
        me = await visit.ask("membership", "/me")
        mine = [entry["role"] for entry in me["networks"] if entry["id"] == record["id"]]
        if not networks.may_edit(visit, record, mine):
            raise Forbidden("This network can be renamed by its leads and managers, and by staff.")


async def _sent(
    visit: Visit, form: FormData, record: Mapping[str, Any], what: str, body: Mapping[str, Any], done: str
) -> Response:
    """Send the change; the page again with what was wrong where it is refused."""
    read = f'"{text(form, "read_revision")}"'
    try:
        changed = await visit.change("registry", "POST", f"/networks/{record['id']}/{what}", body, if_match=read)
    except Refused as refused:
        if refused.status not in (409, 412, 422):
            raise
        about = await _about(visit, record) if what != "rename" else {}
        errors = error_list(refused, LABELS)
        return _form(visit, what, record, entered(form), errors=errors, status=refused.status, about=about)
    return visit.back(f"/networks/{changed['slug']}?done={done}")


def _why(form: FormData) -> dict[str, Any]:
    return {"reason": text(form, "reason"), "minor": text(form, "minor") == "yes"}


TITLES = {
    "rename": "Rename {}", "archive": "Take {} off the register", "restore": "Put {} back on the register",
    "merge": "Make {} part of another network", "part": "Make {} a network of its own again",
}  # fmt: skip


def _form(
    visit: Visit, what: str, record: Mapping[str, Any], values: Mapping[str, Any], *, errors: Any = (),
    status: int = 200, **more: Any,
) -> Response:  # fmt: skip
    return visit.page(
        f"network/{what}.html", TITLES[what].format(record["name"]), status=status, network=record, values=values,
        errors=list(errors), error_of=error_of, labels=LABELS, **more,
    )  # fmt: skip


ROUTES = [
    page("/networks/{slug}/rename", rename),
    page("/networks/{slug}/rename", renamed, "POST"),
    page("/networks/{slug}/archive", archive),
    page("/networks/{slug}/archive", archived, "POST"),
    page("/networks/{slug}/restore", restore),
    page("/networks/{slug}/restore", restored, "POST"),
    page("/networks/{slug}/merge", merge),
    page("/networks/{slug}/merge", merged, "POST"),
]
