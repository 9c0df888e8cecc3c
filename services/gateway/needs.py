"""What needs somebody of the staff today, by kind, for the staff home and for programs. Each service is asked once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from services.gateway import failures
from services.gateway.clients import Clients, Refused
from services.gateway.rendering import count, day, words
from shared.auth import Principal
from shared.errors import Problem

SHOWN = 3
ISSUE_STEPS = {"draft": "to be approved", "approved": "to be sent", "paused": "paused: go on or cancel"}
FILE_WAITS = {"matching": "columns to match", "ready": "to be looked at", "failed": "failed", "stopped": "stopped"}
Item = Mapping[str, Any]
Asked = Item | str
"""What a service says that waits with it, or the sentence why it does not answer."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that one press brings nearer to done: where to, what it says, and why it stands here."""

    path: str
    text: str
    why: str = ""
    press: str = ""
    """An address of ours that does it at once, where there is one."""


@dataclass(frozen=True, slots=True)
class Section:
    """Needs of one kind: how many there are in all, and the first of them."""

    name: str
    noun: tuple[str, str]
    path: str
    total: int = 0
    needs: list[Need] = field(default_factory=list)
    done: str = ""
    away: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of need: which service knows it as what, how one is shown, and the page that has all of them."""

    service: str
    key: str
    need: Callable[[Item], Need]
    name: str
    noun: tuple[str, str]
    path: str
    done: str


async def sections(clients: Clients, principal: Principal) -> list[Section]:
    """Failures first, then what waits for somebody to decide, then what is going wrong. Raises Refused for who may not
    see it."""
    asked = await asyncio.gather(*(_asked(clients, name, principal) for name in clients.names()))
    found = dict(zip(clients.names(), asked, strict=True))
    letters = await _letters(clients, principal, found)
    return [_parts(found), letters, *(_section(kind, found) for kind in KINDS)]


def as_json(found: list[Section]) -> dict[str, Any]:
    """The same for programs."""
    items = [
        {
            "name": one.name, "total": one.total, "path": one.path, "away": one.away,
            "needs": [{"text": need.text, "why": need.why, "path": need.path} for need in one.needs],
        }
        for one in found
    ]  # fmt: skip
    return {"items": items, "next": None, "total": sum(one.total for one in found)}


async def _asked(clients: Clients, service: str, principal: Principal) -> Asked:
    """All that waits in a service, or why it does not say."""
    try:
        return cast("Item", await clients.ask(service, "/internal/needs", principal=principal))
    except Refused as refused:
        if refused.status in (401, 403):
            raise
        return refused.detail
    except Problem as problem:
        return problem.detail


def _section(kind: Kind, found: Mapping[str, Asked]) -> Section:
    """The needs of one kind, of the service that knows them."""
    said = found.get(kind.service, "This part is not there.")
    if isinstance(said, str):
        return Section(kind.name, kind.noun, kind.path, away=said)
    waits = said[kind.key]
    needs = [kind.need(item) for item in waits["items"][:SHOWN]]
    return Section(kind.name, kind.noun, kind.path, waits["total"], needs, kind.done)


def _parts(found: Mapping[str, Asked]) -> Section:
    """Parts that do not answer."""
    reasons = {name: [said] if isinstance(said, str) else said["away"] for name, said in found.items()}
    away = [Need("/health/ready", words(name), reason) for name, told in reasons.items() for reason in told]
    noun = ("part away", "parts away")
    return Section("Parts that do not answer", noun, "/health/ready", len(away), away[:SHOWN], "Every part answers.")


async def _letters(clients: Clients, principal: Principal, found: Mapping[str, Asked]) -> Section:
    """Messages that a service could not take."""
    parts = {name: said["failures"] for name, said in found.items() if not isinstance(said, str)}
    waits = await failures.together(clients, principal, parts)
    needs = [
        Need(f"/staff/failures#{item['service']}-{item['number']}", item["headline"],
             f"{words(item['service'])}: {item['cause']}",
             press=f"/staff/failures/{item['service']}/{item['number']}/retry")
        for item in waits["items"][:SHOWN]
    ]  # fmt: skip
    noun = ("failure", "failures")
    return Section("Failures", noun, "/staff/failures", waits["total"], needs, "Every message was taken.")


def _webhook(item: Item) -> Need:
    return Need(f"/subscriptions/{item['id']}", item["name"], item["status_reason"])


def _bounce(item: Item) -> Need:
    return Need(f"/staff/mail?q={item['address']}", item["address"], item["reason"])


def _issue(item: Item) -> Need:
    why = f"{ISSUE_STEPS[item['status']]}, {count(item['readers'], 'reader')}"
    return Need(f"/staff/newsletter/{item['id']}", f"Issue {item['number']}: {item['title']}", why)


def _approval(item: Item) -> Need:
    return Need(f"/service-changes/{item['id']}", item["title"], f"{item['name']}, from {day(item['from_on'])}")


def _file(item: Item) -> Need:
    return Need(f"/networks/imports/{item['id']}", item["file"], item["problem"] or FILE_WAITS[item["status"]])


def _batch(item: Item) -> Need:
    why = f"stopped {'while it was undone' if item['stopped_in'] == 'undoing' else 'half-way'}"
    text = f"{item['changed']:,} of {count(item['total'], 'network')} changed together"
    return Need(f"/networks/together/{item['id']}", text, why)


def _challenge(item: Item) -> Need:
    why = f"{item['name']} was to answer by {day(item['answer_by'])}"
    return Need(f"/challenges/{item['id']}", item["subject"], why)


def _red(item: Item) -> Need:
    missing = [one["sentence"].rstrip(".") for one in item["unmet"] or () if one["severity"] == "red"]
    reason = missing[0] if missing else f"{words(item['stage'])}, {words(item['care_group'])}"
    more = f", and {len(missing) - 1} more" if missing[1:] else ""
    since = f", since {day(item['since'])}" if item["since"] else ""
    return Need(f"/networks/{item['slug']}/standards", item["name"], f"{reason}{more}{since}")


def _vacancy(item: Item) -> Need:
    text = f"{words(item['role'])}, {item['name']}"
    return Need(f"/networks/{item['slug']}/roles", text, f"since {day(item['since'])}")


def _overlap(item: Item) -> Need:
    return Need("/staff/overlaps", f"{item['network']['name']} and {item['other']['name']}", item["why"])


KINDS = (
    Kind("notifications", "webhooks", _webhook, "Webhooks switched off", ("webhook off", "webhooks off"),
         "/subscriptions?everybody=1", "Every webhook is on."),
    Kind("notifications", "bounces", _bounce, "Addresses that get no mail",
         ("address without mail", "addresses without mail"), "/staff/mail", "Mail goes to every address."),
    Kind("registry", "files", _file, "Imports", ("import waits", "imports wait"), "/networks/imports",
         "No import waits."),
    Kind("notifications", "issues", _issue, "Newsletter", ("issue to finish", "issues to finish"),
         "/staff/newsletter", "Every issue is sent."),
    Kind("registry", "approvals", _approval, "Service changes", ("proposal", "proposals"),
         "/service-changes?status=proposed", "Every service change is decided on."),
    Kind("registry", "batches", _batch, "Networks changed together", ("change stopped", "changes stopped"),
         "/networks/together", "No change of many networks is stopped."),
    Kind("registry", "challenges", _challenge, "Challenges past due", ("answer overdue", "answers overdue"),
         "/challenges?overdue=true", "No answer is overdue."),
    Kind("registry", "reds", _red, "Red networks", ("red network", "red networks"), "/networks?health=red",
         "No network is red."),
    Kind("oversight", "vacancies", _vacancy, "Vacancies", ("vacancy", "vacancies"), "/oversight",
         "Every role that must be filled is filled."),
    Kind("registry", "overlaps", _overlap, "Networks that may belong together", ("suggestion", "suggestions"),
         "/staff/overlaps", "No suggestion waits."),
)  # fmt: skip
"""In the order of their urgency."""

_TEXT = {"type": "string"}
_NEED = {
    "type": "object",
    "required": ["text", "why", "path"],
    "properties": {"text": _TEXT, "why": _TEXT, "path": {**_TEXT, "description": "The page where it is done."}},
}
_KIND = {
    "type": "object",
    "required": ["name", "total", "path", "away", "needs"],
    "properties": {
        "name": _TEXT, "total": {"type": "integer"}, "path": {**_TEXT, "description": "The page that has all of them."},
        "away": {**_TEXT, "description": "Why it is not known now; else empty."},
        "needs": {"type": "array", "items": _NEED, "description": "The first three."},
    },
}  # fmt: skip
PATHS: dict[str, Any] = {
    "/needs": {
        "get": {
            "operationId": "listNeeds",
            "summary": "List Needs",
            "description": "What needs somebody of the staff today, by kind: how many of each, and the first of them.",
            "tags": ["gateway"],
            "x-allowed-for": "staff",
            "x-scope": "operations:read",
            "responses": {
                "200": {
                    "description": "What needs somebody.",
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["items", "next", "total"],
                                "properties": {
                                    "items": {"type": "array", "items": _KIND},
                                    "next": {"type": "null"},
                                    "total": {"type": "integer"},
                                },
                            }
                        }
                    },
                }
            },
        }
    }
}
"""How the API's document shows it."""
