"""A network against the standards of its stage: what is met and by what, what is missing, and how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import may_edit
from services.gateway.pages.forms import entered, error_list, error_of, text
from services.gateway.rendering import words
from services.gateway.visit import Visit, page
from shared import clock

LABELS = {
    "kind": "What it proves", "title": "Title", "link": "Web address", "dated": "Dated", "review_by": "Review by",
    "reason": "Reason", "to": "Stage",
}  # fmt: skip
REFUSALS = (400, 409, 422)
GRAVITY = ("red", "amber")


async def standards(visit: Visit) -> Response:
    """How the network stands; a link of what is missing chooses the kind of evidence beforehand."""
    return await _page(visit, {"kind": visit.query.get("kind", "")[:100], "dated": clock.today().isoformat()})


async def record(visit: Visit) -> Response:
    """Record evidence; the network is judged again within the second."""
    form = await visit.form()
    found = await visit.network()
    names = ("kind", "title", "link", "dated", "review_by", "reason")
    body = {name: text(form, name) for name in names if text(form, name)}
    try:
        await visit.change("registry", "POST", f"/networks/{found['id']}/evidence", body)
    except Refused as refused:
        return await _refused(visit, entered(form), refused)
    return visit.back(f"/networks/{found['slug']}/standards?done=evidence")


async def move(visit: Visit) -> Response:
    """Go to another stage, where its gates let the network."""
    form = await visit.form()
    found = await visit.network()
    body = {name: text(form, name) for name in ("to", "reason") if text(form, name)}
    try:
        await visit.change("registry", "POST", f"/networks/{found['id']}/stage", body)
    except Refused as refused:
        return await _refused(visit, entered(form), refused)
    return visit.back(f"/networks/{found['slug']}/standards?done=stage")


async def _refused(visit: Visit, values: Mapping[str, Any], refused: Refused) -> Response:
    if refused.status not in REFUSALS:
        raise refused
    errors = error_list(refused, LABELS)
    return await _page(visit, {"dated": clock.today().isoformat(), **values}, errors=errors, status=refused.status)


async def _page(visit: Visit, values: Mapping[str, Any], *, errors: Any = (), status: int = 200) -> Response:
    found = await visit.network()
    stands, evidence, standards = await asyncio.gather(
        visit.ask("registry", f"/networks/{found['id']}/standards"),
        visit.ask("registry", f"/networks/{found['id']}/evidence"),
        visit.ask("registry", "/standards"),
    )
    missing = [one for one in stands["items"] if not one["met"]]
    return visit.page(
        "network/standards.html", f"Standards: {_finding(stands, missing)}", network=found, stands=stands,
        missing=sorted(missing, key=lambda one: GRAVITY.index(one["severity"]) if one["severity"] in GRAVITY else 9),
        met=[one for one in stands["items"] if one["met"]], evidence=evidence["items"], values=values,
        may_edit=(await may_edit(visit))(found["id"]), errors=list(errors),
        error_of=error_of, kinds=sorted(kinds_of_evidence(standards["items"]).items()),
        status=status,
    )  # fmt: skip


def kinds_of_evidence(standards: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Kind → what it is called, of all that any standard takes: what a network brings may be for its next stage."""
    rules = [(one["rule"], one["name"]) for one in standards]
    instead = {rule["or_evidence"]: words(rule["or_evidence"]) for rule, _ in rules if rule.get("or_evidence")}
    return instead | {rule["kind"]: name for rule, name in rules if rule["needs"] == "evidence"}


def _finding(stands: Mapping[str, Any], missing: list[Any]) -> str:
    """The finding, for the page's heading."""
    if not stands["items"]:
        return "none at this stage"
    return f"{len(missing)} of {stands['total']} missing" if missing else f"all {stands['total']} met"


ROUTES = [
    page("/networks/{slug}/standards", standards),
    page("/networks/{slug}/standards", record, "POST"),
    page("/networks/{slug}/stage", move, "POST"),
]
