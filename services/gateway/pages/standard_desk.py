"""The staff's pages of standards: the list, each one with its history, and the form, which is tried before it is saved.

A standard that is added, changed or retired is first tried on the whole register: which networks would turn, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.asked import in_words
from services.gateway.pages.choices import ROLES, STAGES
from services.gateway.pages.forms import error_of, text
from services.gateway.pages.links import SENTENCES
from services.gateway.pages.standard_forms import (
    EMPTY,
    LABELS,
    NotJson,
    as_json,
    body_of,
    entered_in,
    errors_of,
    plain_values,
    rule_in,
    values_of,
)
from services.gateway.pages.values import LABELS as RECORD_LABELS
from services.gateway.pages.values import NOTHING
from services.gateway.pressing import ONCE
from services.gateway.rendering import count, words
from services.gateway.visit import Visit, page

PAGE = 25
MOST_SHOWN = 100
"""Networks of each health that a trial lists."""
GRAVEST_FIRST = ("red", "amber", "green", "not assessed")
RECORD_FIELDS = ("aims", "aliases", "bodies", "email", "host", "population", "started_on", "web")
KIND_OF_LINK = ("works_with", "shares_pathway_with", "parent_of", "scrutinises", "succeeds")
REFUSALS = (400, 409, 412, 422)
UNSENT = frozenset({"form_token", ONCE, "press", "reason", "minor"})


async def all_standards(visit: Visit) -> Response:
    """The standards in force, and those of the past."""
    visit.require_staff()
    found = await visit.ask("registry", "/standards", retired="true")
    shown = [{**one, "asked": in_words(one["rule"])} for one in found["items"]]
    return visit.page(
        "standards/desk.html", "Standards", in_force=[one for one in shown if not one["retired"]],
        retired=[one for one in shown if one["retired"]],
    )  # fmt: skip


async def one(visit: Visit) -> Response:
    """A standard: what it asks, how networks stand, and who changed what of it."""
    visit.require_staff()
    standard, cursor = await _standard(visit), visit.query.get("cursor", "")
    found = await visit.ask("registry", f"/standards/{standard['id']}/history", limit=PAGE, cursor=cursor)
    there = f"/staff/standards/{standard['code']}"
    return visit.page(
        "standards/standard.html", standard["name"], standard=standard, asked=in_words(standard["rule"]), found=found,
        differences={entry["id"]: _rows(entry["changes"]) for entry in found["items"]},
        next=f"{there}?cursor={found['next']}" if found["next"] else "", first=there if cursor else "",
    )  # fmt: skip


def _rows(changes: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    names = {**LABELS, "retired": "Out of force"}
    told = ((field, pair) for field, pair in changes.items() if field in names)
    return [(names[field], _said(field, before), _said(field, after)) for field, (before, after) in told]


def _said(field: str, value: Any) -> str:
    if value in (None, "", []):
        return NOTHING
    if field == "rule":
        return in_words(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(words(entry) for entry in value)
    return words(value) if field == "severity" else str(value)


async def new(visit: Visit) -> Response:
    """First of all, what the standard looks at."""
    visit.require_staff()
    return _question(visit, dict(EMPTY), None)


async def edit(visit: Visit) -> Response:
    """The form with the standard as it is."""
    visit.require_staff()
    standard = await _standard(visit)
    return _form(visit, values_of(standard), standard)


async def work(visit: Visit) -> Response:
    """What the pressed button says: ask what it looks at, show the form or its other view, try, or save."""
    visit.require_staff()
    form = await visit.form()
    standard = await _standard(visit) if "code" in visit.path else None
    values, press = entered_in(form), text(form, "press")
    try:
        if press in ("advanced", "plain"):
            return _form(visit, _in_view(values, press), standard)
        if press == "change":
            return _form(visit, values, standard) if values.get("needs") else _unanswered(visit, values, standard)
        if press == "needs":
            return _question(visit, values, standard)
        return await (_saved if press == "save" else _tried)(visit, values, standard)
    except NotJson as error:
        problem = {"text": f"{LABELS['rule']}: {error}", "href": "#rule"}
        return _form(visit, values, standard, errors=[problem], status=422)
    except Refused as refused:
        if refused.status not in REFUSALS:
            raise
        errors = errors_of(refused, str(values.get("view", "")))
        return _form(visit, values, standard, errors=errors, status=refused.status)


def _in_view(values: Mapping[str, Any], view: str) -> dict[str, Any]:
    """The same rule in the other view. Raises NotJson."""
    rule = rule_in(values)
    return {**EMPTY, **values, **plain_values(rule), "rule": as_json(rule), "view": view}


async def _tried(visit: Visit, values: Mapping[str, Any], standard: Mapping[str, Any] | None) -> Response:
    body = body_of(values) | ({"id": standard["id"]} if standard else {})
    found = await visit.edge.clients.question("registry", "/standards/dry-run", body, principal=visit.principal)
    return _trial(
        visit, found, standard, asked=in_words(body["rule"]), sent=_hidden(values), action=_action(standard), body=body,
        reason=str(values.get("reason", "")),
    )  # fmt: skip


def _action(standard: Mapping[str, Any] | None) -> str:
    return f"/staff/standards/{standard['code']}/edit" if standard else "/staff/standards/new"


def _hidden(values: Mapping[str, Any], *without: str) -> list[tuple[str, str]]:
    """What was entered, for fields that are carried along unseen."""
    unsent = UNSENT | set(without)
    return [(name, entry) for name, value in values.items() if name not in unsent for entry in _each(value)]


def _each(value: Any) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, list) else [str(value)]


async def _saved(visit: Visit, values: Mapping[str, Any], standard: Mapping[str, Any] | None) -> Response:
    body = body_of(values) | {"reason": values.get("reason", ""), "minor": values.get("minor") == "yes"}
    if standard is None:
        made = await visit.change("registry", "POST", "/standards", body)
        return visit.back(f"/staff/standards/{made['code']}?done=standard-added")
    read = f'"{values.get("read_revision", "")}"'
    await visit.change("registry", "PATCH", f"/standards/{standard['id']}", body, if_match=read)
    return visit.back(f"/staff/standards/{standard['code']}?done=saved")


async def retire(visit: Visit) -> Response:
    """What it would do to take a standard out of force, or to bring it back."""
    visit.require_staff()
    standard = await _standard(visit)
    body = {"id": standard["id"], "retired": not standard["retired"]}
    found = await visit.edge.clients.question("registry", "/standards/dry-run", body, principal=visit.principal)
    action = f"/staff/standards/{standard['code']}/retire"
    sent = [("read_revision", str(standard["revision"]))]
    return _trial(visit, found, standard, asked=in_words(standard["rule"]), sent=sent, action=action, body=body)


async def retired(visit: Visit) -> Response:
    """Take it out of force, or bring it back; the version that was read goes with it."""
    visit.require_staff()
    form = await visit.form()
    standard = await _standard(visit)
    body = {"retired": not standard["retired"], "reason": text(form, "reason"), "minor": text(form, "minor") == "yes"}
    read = f'"{text(form, "read_revision")}"'
    await visit.change("registry", "PATCH", f"/standards/{standard['id']}", body, if_match=read)
    done = "standard-retired" if body["retired"] else "standard-back"
    return visit.back(f"/staff/standards/{standard['code']}?done={done}")


async def _standard(visit: Visit) -> Any:
    return await visit.ask("registry", f"/standards/{visit.path['code']}")


def _trial(
    visit: Visit, found: Mapping[str, Any], standard: Mapping[str, Any] | None, *, asked: str,
    sent: list[tuple[str, str]], action: str, body: Mapping[str, Any], reason: str = "",
) -> Response:  # fmt: skip
    turned = {health: [one for one in found["items"] if one["after"] == health] for health in GRAVEST_FIRST}
    verb = "Retire" if body.get("retired") else "Bring back" if "retired" in body else "Save"
    return visit.page(
        "standards/trial.html", finding(found["counts"]), found=found, turned={k: v for k, v in turned.items() if v},
        most=MOST_SHOWN, standard=standard, asked=asked, sent=sent, action=action, verb=verb,
        name=body.get("name") or (standard or {}).get("name", ""), reason=reason,
    )  # fmt: skip


def finding(counts: Mapping[str, int]) -> str:
    """This would turn 31 networks red and 4 amber."""
    turned = [(health, counts[health]) for health in GRAVEST_FIRST if counts.get(health)]
    if not turned:
        return "No network’s health would change"
    (health, many), *rest = turned
    return "This would turn " + " and ".join(
        [f"{count(many, 'network')} {_to(health)}", *(f"{more:,} {_to(other)}" for other, more in rest)]
    )


def _to(health: str) -> str:
    return "to “not assessed”" if health == "not assessed" else health


def _question(
    visit: Visit, values: Mapping[str, Any], standard: Mapping[str, Any] | None, *, errors: Any = (), status: int = 200
) -> Response:
    sent = _hidden({**EMPTY, **values}, "needs", "view")
    return visit.page(
        "standards/needs.html", "What does the standard look at?", status=status, standard=standard, values=values,
        sent=sent, action=_action(standard), errors=list(errors), error_of=error_of,
    )  # fmt: skip


def _unanswered(visit: Visit, values: Mapping[str, Any], standard: Mapping[str, Any] | None) -> Response:
    problem = {"text": f"{LABELS['needs']}: Choose one", "href": "#needs"}
    return _question(visit, values, standard, errors=[problem], status=422)


def _form(
    visit: Visit, values: Mapping[str, Any], standard: Mapping[str, Any] | None, *, errors: Any = (), status: int = 200
) -> Response:
    title = f"Change “{standard['name']}”" if standard else "Add a standard"
    return visit.page(
        "standards/form.html", title, status=status, standard=standard, values=values, labels=LABELS,
        errors=list(errors), error_of=error_of, action=_action(standard), stages=STAGES, roles=ROLES,
        link_kinds=[(kind, SENTENCES[kind]) for kind in KIND_OF_LINK],
        fields=[(name, RECORD_LABELS[name]) for name in RECORD_FIELDS],
    )  # fmt: skip


ROUTES = [
    page("/staff/standards", all_standards),
    page("/staff/standards/new", new),
    page("/staff/standards/new", work, "POST"),
    page("/staff/standards/{code}", one),
    page("/staff/standards/{code}/edit", edit),
    page("/staff/standards/{code}/edit", work, "POST"),
    page("/staff/standards/{code}/retire", retire),
    page("/staff/standards/{code}/retire", retired, "POST"),
]
