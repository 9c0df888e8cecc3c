"""Webhooks and feeds: what programs subscribe to, how it goes, and what to do about it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.datastructures import FormData
from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.choices import bodies
from services.gateway.pages.forms import error_list, text
from services.gateway.visit import Visit, page

PAGE = 25
TEST_SECONDS, LOOK_SECONDS = 2.5, 0.15
STATES = ("waiting", "retrying", "delivered", "failed", "withdrawn")
OVERLAPS = ((0, "End at once"), (1, "1 hour"), (24, "1 day"), (72, "3 days"), (168, "7 days"))
LABELS = {"which": "Which messages", "since": "Since", "until": "Until", "overlap_hours": "Overlap"}


async def subscriptions(visit: Visit) -> Response:
    """All of mine, and for staff the team's or everybody's."""
    visit.require_signed_in()
    everybody = visit.principal.is_staff and visit.query.get("everybody", "") == "1"
    return await _list(visit, everybody=everybody)


async def _list(visit: Visit, *, everybody: bool = False, key: str = "") -> Response:
    cursor = visit.query.get("cursor", "")
    found, fed, me, names = await asyncio.gather(
        visit.ask("notifications", "/subscriptions", limit=PAGE, cursor=cursor, everybody="true" if everybody else ""),
        visit.ask("notifications", "/feed-key"),
        visit.ask_or({"networks": []}, "membership", "/me"),
        bodies(visit),
    )
    more = "everybody=1&" if everybody else ""
    codes = list(names) if visit.principal.is_staff else sorted(visit.principal.bodies)
    mine = [(code, names.get(code, code)) for code in codes]
    return visit.page(
        "subscriptions/list.html", "Webhooks and feeds", found=found, everybody=everybody, fed=fed, key=key,
        names=names,
        networks={n["id"]: n for n in me["networks"]}.values(), my_bodies=mine,
        base=visit.edge.settings.public_url, first="/subscriptions" if cursor else "",
        next=f"/subscriptions?{more}cursor={found['next']}" if found["next"] else "",
    )  # fmt: skip


async def feed_key(visit: Visit) -> Response:
    """Make a key for my feeds and show it this once, or let none work any more."""
    form = await visit.form()
    visit.require_signed_in()
    if text(form, "what") == "drop":
        await visit.change("notifications", "DELETE", "/feed-key")
        return visit.back("/subscriptions?done=feed-key-dropped")
    made = await visit.change("notifications", "POST", "/feed-key")
    return await _list(visit, key=made["key"])


async def subscription(visit: Visit) -> Response:
    """One webhook: how it goes, its log, and everything that can be done with it."""
    visit.require_signed_in()
    return await _show(visit)


async def _show(
    visit: Visit, *, errors: Any = (), status: int = 200, secret: str = "", sent: dict[str, Any] | None = None
) -> Response:
    identity = visit.path["id"]
    state, cursor = visit.query.get("state", ""), visit.query.get("cursor", "")
    there = f"/subscriptions/{identity}"
    found, log, names = await asyncio.gather(
        visit.ask("notifications", there),
        visit.ask(
            "notifications", f"{there}/deliveries", limit=PAGE, state=state if state in STATES else "", cursor=cursor
        ),
        bodies(visit),
    )
    picked = f"state={state}&" if state else ""
    return visit.page(
        "subscriptions/webhook.html", found["name"], status=status, hook=found, log=log, state=state, states=STATES,
        networks=await named_networks(visit, found["networks"]), names=names, secret=secret, sent=sent or {},
        overlaps=OVERLAPS, errors=list(errors), next=f"{there}?{picked}cursor={log['next']}" if log["next"] else "",
        first=f"{there}?{picked}" if cursor else "",
    )  # fmt: skip


async def named_networks(visit: Visit, ids: list[str]) -> list[dict[str, Any]]:
    """The networks with these ids, as far as the register has them."""
    if not ids:
        return []
    found = await visit.ask_or({"items": []}, "registry", "/networks", ids=",".join(ids[:100]), limit=100)
    return list(found["items"])


async def press(visit: Visit) -> Response:
    """One button: test, switch off or on, a new secret, send again, remove."""
    form = await visit.form()
    visit.require_signed_in()
    what, there = visit.path["what"], f"/subscriptions/{visit.path['id']}"
    try:
        if what == "test":
            return await _tested(visit, there)
        if what == "secret":
            made = await visit.change("notifications", "POST", f"{there}/secret", _overlap(form))
            return await _show(visit, secret=made["secret"])
        if what == "redeliver":
            sent = await visit.change("notifications", "POST", f"{there}/redeliver", _range(form))
            return await _show(visit, sent=sent)
        return await _switched(visit, what, there, form)
    except Refused as refused:
        if refused.status not in (400, 409, 422):
            raise
        return await _show(visit, errors=error_list(refused, LABELS), status=refused.status)


async def _switched(visit: Visit, what: str, there: str, form: FormData) -> Response:
    if what == "enable":
        missed = text(form, "missed") == "yes"
        await visit.change("notifications", "POST", f"{there}/enable", {"missed": missed})
        return visit.back(f"{there}?done=webhook-on")
    if what == "remove":
        await visit.change("notifications", "DELETE", there)
        return visit.back("/subscriptions?done=webhook-removed")
    await visit.change("notifications", "POST", f"{there}/disable")
    return visit.back(f"{there}?done=webhook-off")


async def _tested(visit: Visit, there: str) -> Response:
    """Send a test and wait a little: most receivers answer at once, and their answer is what is wanted to be seen."""
    sent = await visit.change("notifications", "POST", f"{there}/test")
    async with asyncio.timeout(TEST_SECONDS * 4):
        for _ in range(int(TEST_SECONDS / LOOK_SECONDS)):
            await asyncio.sleep(LOOK_SECONDS)
            entry = await visit.ask("notifications", f"{there}/deliveries/{sent['id']}")
            if entry["state"] != "waiting":
                break
    return visit.back(f"{there}/log/{sent['id']}")


async def entry(visit: Visit) -> Response:
    """One message of the log: what was sent, and what was answered."""
    visit.require_signed_in()
    there = f"/subscriptions/{visit.path['id']}"
    hook, found = await asyncio.gather(
        visit.ask("notifications", there), visit.ask("notifications", f"{there}/deliveries/{visit.path['number']}")
    )
    body = orjson.dumps(orjson.loads(found["request"]["body"] or "{}"), option=orjson.OPT_INDENT_2).decode()
    return visit.page("subscriptions/entry.html", found["headline"], hook=hook, entry=found, body=body)


async def send_again(visit: Visit) -> Response:
    """Send one message again."""
    await visit.form()
    visit.require_signed_in()
    there = f"/subscriptions/{visit.path['id']}"
    await visit.change("notifications", "POST", f"{there}/deliveries/{visit.path['number']}/redeliver")
    return visit.back(f"{there}/log/{visit.path['number']}?done=webhook-again")


def _overlap(form: FormData) -> dict[str, Any]:
    hours = text(form, "overlap_hours")
    return {"overlap_hours": int(hours) if hours.isascii() and hours.isdigit() else hours}


def _range(form: FormData) -> dict[str, Any]:
    wanted: dict[str, Any] = {"which": text(form, "which") or "failed"}
    return wanted | {name: moment for name in ("since", "until") if (moment := _moment(text(form, name)))}


def _moment(value: str) -> str:
    """What a date and time field gives has no zone; the page says UTC."""
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC).isoformat()
    except ValueError:
        return value


ROUTES = [
    page("/subscriptions", subscriptions),
    page("/subscriptions/feed-key", feed_key, "POST"),
    page("/subscriptions/{id}", subscription),
    page("/subscriptions/{id}/log/{number}", entry),
    page("/subscriptions/{id}/log/{number}", send_again, "POST"),
    page("/subscriptions/{id}/{what}", press, "POST"),
]
