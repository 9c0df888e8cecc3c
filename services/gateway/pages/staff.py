"""The staff home: what needs somebody today, each one click from done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.responses import Response

from services.gateway import failures
from services.gateway.rendering import count, day, words
from services.gateway.visit import Visit, page
from shared.auth import ANYBODY
from shared.errors import Problem

SHOWN = 3
EMPTY: dict[str, Any] = {"items": [], "total": 0, "vacancies": []}
FILE_WAITS = {"matching": "columns to match", "ready": "to be looked at", "failed": "failed", "stopped": "stopped"}
Item = Mapping[str, Any]


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


async def staff(visit: Visit) -> Response:
    """Failures first, then what waits for somebody to decide, then what is going wrong; and the newest changes."""
    visit.require_staff()
    sections = await asyncio.gather(*(_section(visit, look) for look in SECTIONS))
    hub = visit.edge.alerts
    return visit.page(
        "staff.html", "What needs you today", sections=[one for one in sections if one.total or one.away],
        clear=[one for one in sections if not one.total and not one.away], total=sum(one.total for one in sections),
        changes=[wire.item for wire in reversed(hub.recent)][:10], position=f"{hub.epoch}-{hub.position}",
    )  # fmt: skip


async def _section(visit: Visit, look: Callable[[Visit], Awaitable[Section]]) -> Section:
    try:
        return await look(visit)
    except Problem as problem:
        name, noun, path = CALLED[look]
        return Section(name, noun, path, away=problem.detail)


def _of(look: Callable[[Visit], Awaitable[Section]], total: int, needs: Sequence[Need], done: str) -> Section:
    name, noun, path = CALLED[look]
    return Section(name, noun, path, total, list(needs[:SHOWN]), done)


async def _parts(visit: Visit) -> Section:
    """Parts that do not answer."""
    readings = await asyncio.gather(*(_reading(visit, name) for name in visit.edge.clients.names()))
    away = [Need("/health/ready", words(name), reason) for name, reasons in readings for reason in reasons]
    return _of(_parts, len(away), away, "Every part answers.")


async def _reading(visit: Visit, name: str) -> tuple[str, list[str]]:
    try:
        answered = await visit.edge.clients.raw(name, "GET", "/health/ready", principal=ANYBODY)
        return name, list((orjson.loads(answered.content).get("away") or {}).values())
    except (Problem, ValueError) as error:
        return name, [str(error)]


async def _letters(visit: Visit) -> Section:
    """Messages that a service could not take."""
    found = await failures.waiting(visit.edge.clients, visit.principal)
    needs = [
        Need(f"/staff/failures#{item['service']}-{item['number']}", item["headline"],
             f"{words(item['service'])}: {item['cause']}",
             press=f"/staff/failures/{item['service']}/{item['number']}/retry")
        for item in found["items"]
    ]  # fmt: skip
    return _of(_letters, found["total"], needs, "Every message was taken.")


async def _webhooks(visit: Visit) -> Section:
    """Webhooks that were switched off because nothing arrived."""
    found = await visit.ask("notifications", "/subscriptions", everybody="true", limit=100)
    off = [item for item in found["items"] if item["status"] == "disabled"]
    needs = [Need(f"/subscriptions/{item['id']}", item["name"], item["status_reason"]) for item in off]
    return _of(_webhooks, len(off), needs, "Every webhook is on.")


async def _bounces(visit: Visit) -> Section:
    """Addresses that mail no longer goes to."""
    found = await visit.ask("notifications", "/mail/suppressions", limit=SHOWN)
    needs = [Need(f"/staff/mail?q={item['address']}", item["address"], item["reason"]) for item in found["items"]]
    return _of(_bounces, found["total"], needs, "Mail goes to every address.")


async def _issues(visit: Visit) -> Section:
    """Issues that are not sent: to be written, approved or sent."""
    found = await visit.ask("notifications", "/newsletter/issues", limit=25)
    open_ = [item for item in found["items"] if item["status"] in ("draft", "approved", "paused")]
    step = {"draft": "to be approved", "approved": "to be sent", "paused": "paused: go on or cancel"}
    needs = [
        Need(f"/staff/newsletter/{item['id']}", f"Issue {item['number']}: {item['title']}",
             f"{step[item['status']]}, {count(item['readers'], 'reader')}")
        for item in open_
    ]  # fmt: skip
    return _of(_issues, len(open_), needs, "Every issue is sent.")


async def _approvals(visit: Visit) -> Section:
    """Service changes that a network has not decided on."""
    found = await visit.ask("registry", "/service-changes", status="proposed", limit=SHOWN)
    needs = [
        Need(f"/service-changes/{item['id']}", item["title"], f"{item['network']['name']}, from {day(item['from_on'])}")
        for item in found["items"]
    ]
    return _of(_approvals, found["total"], needs, "Every service change is decided on.")


async def _files(visit: Visit) -> Section:
    """Imports that stopped, or wait for somebody."""
    found = await visit.ask("registry", "/imports", limit=25)
    waits = [item for item in found["items"] if item["status"] in FILE_WAITS]
    needs = [
        Need(f"/networks/imports/{item['id']}", item["file"], item["problem"] or FILE_WAITS[item["status"]])
        for item in waits
    ]
    return _of(_files, len(waits), needs, "No import waits.")


async def _challenges(visit: Visit) -> Section:
    """Challenges whose answer is overdue."""
    found = await visit.ask("registry", "/challenges", overdue="true", limit=SHOWN)
    needs = [
        Need(f"/challenges/{item['id']}", item["subject"],
             f"{item['provider']['name']} was to answer by {day(item['answer_by'])}")
        for item in found["items"]
    ]  # fmt: skip
    return _of(_challenges, found["total"], needs, "No answer is overdue.")


async def _reds(visit: Visit) -> Section:
    """Networks that do not meet what they must."""
    found = await visit.ask("registry", "/networks", health="red", limit=SHOWN)
    needs = [
        Need(
            f"/networks/{item['slug']}/standards", item["name"], f"{words(item['stage'])}, {words(item['care_group'])}"
        )
        for item in found["items"]
    ]
    return _of(_reds, found["total"], needs, "No network is red.")


async def _vacancies(visit: Visit) -> Section:
    """Roles of managed networks that nobody holds, the oldest first."""
    found = (await visit.ask("oversight", "/oversight"))["vacancies"]
    needs = [
        Need(f"/networks/{item['slug']}/roles", f"{words(item['role'])}, {item['name']}", f"since {day(item['since'])}")
        for item in found[:SHOWN]
    ]
    return _of(_vacancies, len(found), needs, "Every role that must be filled is filled.")


async def _overlaps(visit: Visit) -> Section:
    """Networks that may belong together."""
    found = await visit.ask("registry", "/overlaps", limit=SHOWN)
    needs = [
        Need("/staff/overlaps", f"{item['network']['name']} and {item['other']['name']}", item["why"])
        for item in found["items"]
    ]
    return _of(_overlaps, found["total"], needs, "No suggestion waits.")


CALLED: dict[Callable[[Visit], Awaitable[Section]], tuple[str, tuple[str, str], str]] = {
    _parts: ("Parts that do not answer", ("part away", "parts away"), "/health/ready"),
    _letters: ("Failures", ("failure", "failures"), "/staff/failures"),
    _webhooks: ("Webhooks switched off", ("webhook off", "webhooks off"), "/subscriptions?everybody=1"),
    _bounces: ("Addresses that get no mail", ("address without mail", "addresses without mail"), "/staff/mail"),
    _files: ("Imports", ("import waits", "imports wait"), "/networks/imports"),
    _issues: ("Newsletter", ("issue to finish", "issues to finish"), "/staff/newsletter"),
    _approvals: ("Service changes", ("proposal", "proposals"), "/service-changes?status=proposed"),
    _challenges: ("Challenges past due", ("answer overdue", "answers overdue"), "/challenges?overdue=true"),
    _reds: ("Red networks", ("red network", "red networks"), "/networks?health=red"),
    _vacancies: ("Vacancies", ("vacancy", "vacancies"), "/oversight"),
    _overlaps: ("Networks that may belong together", ("suggestion", "suggestions"), "/staff/overlaps"),
}
"""Kind → what it is called, how it is counted, and the page that has all of it; in the order of their urgency."""
SECTIONS = tuple(CALLED)

ROUTES = [page("/staff", staff)]
