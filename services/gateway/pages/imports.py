"""Imports: a file is sent, its columns are matched, its rows looked at, all of it applied, and all of it undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from services.gateway.clients import Refused, content_of
from services.gateway.pages.called import names_for, sides
from services.gateway.pages.choices import LEVELS, PURPOSES, SIDES, TYPES, reference
from services.gateway.pages.forms import error_list, text
from services.gateway.pages.values import rows as value_rows
from services.gateway.visit import Visit, page
from shared.sheets import ENCODINGS, LARGEST_FILE

ALL = "/networks/imports"
PAGE = 25
WORKED_ON = {
    "reading": "Reading the file", "judging": "Comparing with the register", "applying": "Putting it on the register",
    "undoing": "Taking it back",
}  # fmt: skip
OUTCOMES = {"new": "New", "changed": "Changed", "duplicate": "Left out", "wrong": "Wrong"}
FIXED = ("type", "care_group", "level", "purpose", "side", "bodies")
"""The fields that every row may have the same value of."""
CHOICES = {"same": "The same network", "new": "Another network", "": "Leave it out"}
LABELS = {"name": "Name", "file": "File", "reason": "Reason", "heading_row": "Row of headings"}
SHOWN_AGAIN = (400, 409, 412, 422)
ENVELOPE = 64 * 1024
"""What a form adds to the file in it, at most."""


async def imports(visit: Visit) -> Response:
    """Every file that was sent, newest first, and the form that sends one."""
    visit.require_staff()
    return await _list(visit)


async def _list(visit: Visit, *, errors: Any = (), status: int = 200, reason: str = "") -> Response:
    cursor = visit.query.get("cursor", "")
    found = await visit.ask("registry", "/imports", limit=PAGE, cursor=cursor)
    return visit.page(
        "imports/list.html", "Imports", status=status, found=found, errors=list(errors), reason=reason, steps=WORKED_ON,
        next=f"{ALL}?{urlencode({'cursor': found['next']})}" if found["next"] else "", first=ALL if cursor else "",
        largest=LARGEST_FILE // 2**20,
    )  # fmt: skip


async def send(visit: Visit) -> Response:
    """Take a file and begin to read it."""
    visit.require_staff()
    size = visit.request.headers.get("content-length", "")
    if not size.isdigit() or int(size) > LARGEST_FILE + ENVELOPE:
        largest = f"The file is larger than {LARGEST_FILE // 2**20} MB; split it, or save it as CSV"
        return await _list(visit, errors=[{"text": largest, "href": "#file"}], status=422)
    form = await visit.form()
    sent, reason = form.get("file"), text(form, "reason")
    if not isinstance(sent, UploadFile) or not sent.filename:
        return await _list(visit, errors=[{"text": "Choose a file", "href": "#file"}], status=422, reason=reason)
    query = urlencode({"file": sent.filename[-300:], "reason": reason[:500], "minor": _ticked(form, "minor")})
    answered = await visit.edge.clients.raw(
        "registry", "POST", f"/imports?{query}", principal=visit.principal, content=await sent.read(),
        content_type="application/octet-stream",
    )  # fmt: skip
    try:
        record = content_of(answered)
    except Refused as refused:
        if refused.status not in SHOWN_AGAIN:
            raise
        return await _list(visit, errors=error_list(refused, LABELS, "file"), status=refused.status, reason=reason)
    return visit.back(f"{ALL}/{record['id']}")


async def one(visit: Visit) -> Response:
    """One import, whatever it waits for; whoever is not staff sees what it brought."""
    if not visit.principal.is_staff:
        return await _brought(visit)
    return await _show(visit)


async def _show(visit: Visit, *, errors: Any = (), status: int = 200, form: FormData | None = None) -> Response:
    identity = visit.path["id"]
    record = await visit.ask("registry", f"/imports/{identity}")
    there = f"{ALL}/{identity}"
    context: dict[str, Any] = {"record": record, "there": there, "errors": list(errors), "steps": WORKED_ON}
    matches = record["status"] == "matching" or visit.query.get("step") == "columns" or form is not None
    if record["status"] in WORKED_ON:
        progress = await visit.ask("registry", f"/imports/{identity}/progress")
        return visit.page("imports/working.html", record["file"], status=status, progress=progress, **context)
    if record["status"] in ("applied", "undone"):
        found = await _page_of(visit, f"/imports/{identity}/networks", there, {})
        return visit.page("imports/done.html", record["file"], status=status, **context, **found)
    if matches and not record["forgotten_at"]:
        return await _columns(visit, context, status, form)
    if record["status"] == "ready":
        return await _preview(visit, context, status)
    return visit.page("imports/stopped.html", record["file"], status=status, **context)


async def _columns(visit: Visit, context: dict[str, Any], status: int, form: FormData | None) -> Response:
    record = context["record"]
    names, groups = await reference(visit)
    matched = {place: field for field, place in record["columns"].items()}
    fixed = dict(record["fixed"])
    if form is not None:
        matched = {place: text(form, f"column-{place}") for place in range(len(record["headings"]))}
        fixed = {name: text(form, f"fixed-{name}") for name in FIXED}
    return visit.page(
        "imports/columns.html", record["file"], status=status, **context, names=names, groups=groups, matched=matched,
        fixed=fixed, types=TYPES, levels=LEVELS, purposes=PURPOSES, sides=SIDES, encodings=[e for e in ENCODINGS if e],
    )  # fmt: skip


async def _preview(visit: Visit, context: dict[str, Any], status: int) -> Response:
    outcome = visit.query.get("outcome", "")
    asked = {
        "outcome": outcome if outcome in OUTCOMES else "", "q": visit.query.get("q", "")[:200],
        "likely": "true" if visit.query.get("likely") else "",
    }  # fmt: skip
    asked = {name: value for name, value in asked.items() if value}
    found = await _page_of(visit, f"/imports/{visit.path['id']}/rows", context["there"], asked)
    changes = [row["changes"] for row in found["found"]["items"]]
    names = await names_for(visit, *sides(changes))
    differs = [value_rows(change, names) for change in changes]
    return visit.page(
        "imports/preview.html", context["record"]["file"], status=status, **context, **found, asked=asked,
        outcomes=OUTCOMES, choices=CHOICES, differs=differs,
    )  # fmt: skip


async def _page_of(visit: Visit, path: str, there: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """A page of a list of this import, with the addresses of the first and the next page."""
    cursor = visit.query.get("cursor", "")
    found = await visit.ask("registry", path, limit=PAGE, cursor=cursor, **asked)
    following = f"{there}?{urlencode({**asked, 'cursor': found['next']})}" if found["next"] else ""
    return {"found": found, "next": following, "first": f"{there}?{urlencode(asked)}" if cursor else ""}


async def _brought(visit: Visit) -> Response:
    there = f"{ALL}/{visit.path['id']}"
    found = await _page_of(visit, f"/imports/{visit.path['id']}/networks", there, {})
    return visit.page("imports/brought.html", f"Imported from {found['found']['file']}", there=there, **found)


async def progress(visit: Visit) -> Response:
    """How far it has come, for htmx; once it is over, the page is loaded anew."""
    visit.require_staff()
    found = await visit.ask("registry", f"/imports/{visit.path['id']}/progress")
    piece = visit.fragment("imports/progress.html", progress=found, steps=WORKED_ON)
    if found["over"] or found["status"] != visit.query.get("status", found["status"]):
        piece.headers["hx-refresh"] = "true"
    return piece


async def press(visit: Visit) -> Response:
    """One button of one import."""
    visit.require_staff()
    form = await visit.form()
    what, there = visit.path["what"], f"/imports/{visit.path['id']}"
    if what not in BODIES:
        return visit.back(f"{ALL}/{visit.path['id']}")
    method, path = ("PATCH", there) if what in ("match", "read") else ("POST", f"{there}/{what}")
    revision = text(form, "read_revision")
    try:
        body = BODIES[what](form)
        if what == "read" and not body:
            return visit.back(f"{ALL}/{visit.path['id']}?step=columns")
        await visit.change("registry", method, path, body, if_match=f'"{revision}"' if revision else "")
    except TwoColumns as twice:
        return await _show(visit, errors=twice.errors, status=422, form=form)
    except Refused as refused:
        if refused.status not in SHOWN_AGAIN:
            raise
        errors = error_list(refused, LABELS)
        return await _show(visit, errors=errors, status=refused.status, form=form if what == "match" else None)
    return visit.back(_after(what, visit, form))


def _after(what: str, visit: Visit, form: FormData) -> str:
    if what == "discard":
        return f"{ALL}?done=import-discarded"
    if what == "choices":
        kept = {name: text(form, name) for name in ("outcome", "q", "likely", "cursor") if text(form, name)}
        row = text(form, "row")
        return f"{ALL}/{visit.path['id']}?{urlencode(kept)}" + (f"#row-{row}" if row else "")
    return f"{ALL}/{visit.path['id']}"


class TwoColumns(Exception):
    """Two columns were said to be the same field."""

    def __init__(self, heading: str, place: int) -> None:
        """*place* is the second of them."""
        super().__init__(heading)
        said = f"Choose something else for this column: another one is “{heading}” already"
        self.errors = [{"text": said, "href": f"#column-{place}"}]


def matching(form: FormData) -> dict[str, Any]:
    """Which column is which field, and what is the same for every row. Raises TwoColumns."""
    columns: dict[str, int] = {}
    for key in form:
        place, field = key.removeprefix("column-"), text(form, key)
        if key.startswith("column-") and place.isdigit() and field:
            if field in columns:
                raise TwoColumns(field.replace("_", " "), int(place))
            columns[field] = int(place)
    fixed = {name: text(form, f"fixed-{name}") for name in FIXED if name not in columns}
    return {"columns": columns, "fixed": {name: value for name, value in fixed.items() if value}}


def reading(form: FormData) -> dict[str, Any]:
    """How the file is to be read otherwise: only what differs, because each of it is read anew."""
    found: dict[str, Any] = {
        name: text(form, name)
        for name in ("sheet", "encoding")
        if text(form, name) and text(form, name) != text(form, f"was_{name}")
    }
    row = text(form, "heading_row")
    if row.isascii() and row.isdigit() and row != text(form, "was_heading_row") and not found:
        found["heading_row"] = int(row)
    return found


def _choice(form: FormData) -> dict[str, Any]:
    row = text(form, "row")
    return {"choice": text(form, "choice")} | ({"rows": [int(row)]} if row.isascii() and row.isdigit() else {})


def _applying(form: FormData) -> dict[str, Any]:
    return {
        "without_wrong": _ticked(form, "without_wrong"), "minor": _ticked(form, "minor"), "reason": text(form, "reason")
    }  # fmt: skip


def _undoing(form: FormData) -> dict[str, Any]:
    return {"keep_changed": _ticked(form, "keep_changed"), "reason": text(form, "reason")}


def _nothing(_form: FormData) -> dict[str, Any]:
    return {}


BODIES = {
    "match": matching, "read": reading, "choices": _choice, "apply": _applying, "undo": _undoing, "stop": _nothing,
    "resume": _nothing, "discard": _nothing,
}  # fmt: skip


def _ticked(form: FormData, name: str) -> bool:
    return text(form, name) == "yes"


async def file(visit: Visit) -> Response:
    """The file as it was sent, or the rows to mend."""
    visit.require_staff()
    what = "file" if visit.path["what"] == "file" else "errors"
    outcome = "duplicate" if visit.query.get("outcome") == "duplicate" else "wrong"
    query = f"?outcome={outcome}" if what == "errors" else ""
    path = f"/imports/{quote(visit.path['id'], safe='')}/{what}{query}"
    answered = await visit.edge.clients.raw("registry", "GET", path, principal=visit.principal)
    if not answered.is_success:
        content_of(answered)
    kept = ("content-type", "content-disposition", "x-content-type-options")
    headers = {name: answered.headers[name] for name in kept if name in answered.headers}
    return Response(answered.content, headers=headers | {"cache-control": "no-store"})


ROUTES = [
    page(ALL, imports),
    page(ALL, send, "POST"),
    page(f"{ALL}/{{id}}", one),
    page(f"{ALL}/{{id}}/progress", progress),
    page(f"{ALL}/{{id}}/download/{{what}}", file),
    page(f"{ALL}/{{id}}/{{what}}", press, "POST"),
]
