"""The newsletter desk: what the week's changes drafted, put in order and rewritten by staff, approved and sent.

Each item is a form of its own, so that two people at the desk write beside one another. What somebody else wrote first
is shown beside what was just written; nothing is overwritten.
"""

from __future__ import annotations

import asyncio
from itertools import groupby
from typing import Any

from starlette.responses import Response

from services.gateway.clients import Refused
from services.gateway.pages.forms import entered, error_list, text
from services.gateway.visit import Visit, page

STEPS = frozenset({"approve", "reopen", "send", "pause", "resume", "cancel"})
PRESSED = frozenset({"sending", "paused", "sent", "cancelled"})
CORRECTION = ("text", "headline", "message_id")
LABELS = {
    "headline": "Headline",
    "text": "Text",
    "path": "Link",
    "title": "Title",
    "intro": "Introduction",
    "at": "Day",
}
REFUSALS = (400, 404, 409, 422)
LONGEST_HEADLINE = 200


async def issues(visit: Visit) -> Response:
    """All issues, and the button that drafts one now."""
    visit.require_staff()
    cursor = visit.query.get("cursor", "")
    found = await visit.ask("notifications", "/newsletter/issues", cursor=cursor)
    return visit.page(
        "desk/issues.html", "Newsletter desk", found=found, first="/staff/newsletter" if cursor else "",
        next=f"/staff/newsletter?cursor={found['next']}" if found["next"] else "",
    )  # fmt: skip


async def draft(visit: Visit) -> Response:
    """Draft an issue of what changed so far."""
    await visit.form()
    made = await visit.change("notifications", "POST", "/newsletter/issues")
    return visit.back(f"/staff/newsletter/{made['id']}?done=drafted")


async def desk(visit: Visit) -> Response:
    """One issue: its items in their order, what can be done with each, and how far it has gone."""
    visit.require_staff()
    return await _desk(visit)


async def _desk(visit: Visit, *, errors: Any = (), status: int = 200, **more: Any) -> Response:
    issue, progress, mark = await asyncio.gather(
        visit.ask("notifications", _api(visit)),
        visit.ask_or(None, "notifications", f"{_api(visit)}/progress"),
        visit.ask("notifications", f"{_api(visit)}/mark"),
    )
    went_out = issue["status"] in PRESSED and progress and progress["total"]
    return visit.page(
        "desk/issue.html", f"Issue {issue['number']}", status=status, issue=issue, groups=_groups(issue["items"]),
        progress=progress if went_out else None, errors=list(errors), mark=mark["mark"], **more,
    )  # fmt: skip


async def lines(visit: Visit) -> Response:
    """The items alone, for a desk that watches what others do."""
    visit.require_staff()
    issue, mark = await asyncio.gather(
        visit.ask("notifications", _api(visit)), visit.ask("notifications", f"{_api(visit)}/mark")
    )
    return visit.fragment(
        "desk/live.html", issue=issue, groups=_groups(issue["items"]), form_token=visit.form_token, mark=mark["mark"]
    )


def _groups(items: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The items by care group, in their order; the pinned ones first, under no name."""
    return [
        (name, list(found))
        for name, found in groupby(items, key=lambda item: "" if item["pinned"] else f":{item['care_group']}")
    ]


async def save_words(visit: Visit) -> Response:
    """Save the title and the introduction."""
    form = await visit.form()
    mine = {"title": text(form, "title"), "intro": text(form, "intro")}
    body = {**mine, "words_version": int(text(form, "version") or 0)}
    try:
        issue = await visit.change("notifications", "PATCH", _api(visit), body)
    except Refused as refused:
        return await _words_refused(visit, refused, mine)
    if visit.is_fragment:
        return visit.fragment("desk/words.html", issue=issue, form_token=visit.form_token)
    return visit.back(f"{_here(visit)}?done=saved")


async def _words_refused(visit: Visit, refused: Refused, mine: dict[str, str]) -> Response:
    if refused.status not in (*REFUSALS, 412):
        raise refused
    if refused.status == 412 and visit.is_fragment:
        issue = await visit.ask("notifications", _api(visit))
        return visit.fragment("desk/words.html", issue=issue, my_words=mine, form_token=visit.form_token)
    errors = error_list(refused, LABELS, "words")
    return await _desk(visit, errors=errors, status=refused.status, my_words=mine)


async def save_item(visit: Visit) -> Response:
    """Save one item's words, and do what the button beside it says."""
    form = await visit.form()
    there = f"{_api(visit)}/items/{visit.path['item']}"
    item = await visit.ask("notifications", there)
    press, body = text(form, "press"), _written(form, item)
    if press in ("take", "keep"):
        body |= _looked_at(item, text(form, "of"), press)
    if press in ("pin", "drop"):
        field = {"pin": "pinned", "drop": "dropped"}[press]
        body[field] = not item[field]
    try:
        item = await visit.change("notifications", "PATCH", there, body, if_match=f'"{text(form, "version") or 0}"')
        if press in ("up", "down"):
            await visit.change("notifications", "POST", f"{there}/move", {"to": press})
    except Refused as refused:
        return await _item_refused(visit, refused, entered(form))
    if visit.is_fragment:
        return await _card(visit, item)
    return visit.back(f"{_here(visit)}#item-{item['id']}")


def _looked_at(item: dict[str, Any], of: str, press: str) -> dict[str, Any]:
    """Say what was announced since instead of staff's words, or keep them. What came later still is shown first."""
    since = item["since"]
    if press == "keep" or since is None or since["message_id"] != of:
        return {}
    said = since["text"] if len(since["text"]) <= LONGEST_HEADLINE else f"{since['text'][: LONGEST_HEADLINE - 1]}…"
    return {"headline": "" if since["text"] == item["said"] else said, "text": ""}


def _written(form: Any, item: dict[str, Any]) -> dict[str, Any]:
    """The words in the form, and what their writer had seen. A headline as the message has it is none of staff's."""
    found = {name: text(form, name) for name in ("headline", "text", "of") if name in form}
    if found.get("headline") == item["said"]:
        found["headline"] = ""
    return found


async def _item_refused(visit: Visit, refused: Refused, mine: dict[str, Any]) -> Response:
    if refused.status not in (*REFUSALS, 412):
        raise refused
    if refused.status == 412 and visit.is_fragment:
        item = await visit.ask("notifications", f"{_api(visit)}/items/{visit.path['item']}")
        return await _card(visit, item, mine)
    errors = error_list(refused, LABELS, f"item-{visit.path['item']}")
    return await _desk(visit, errors=errors, status=refused.status, mine={visit.path["item"]: mine})


async def _card(visit: Visit, item: dict[str, Any], mine: dict[str, Any] | None = None) -> Response:
    issue = {"id": visit.path["id"], "status": "draft"}
    yours = {item["id"]: mine} if mine else {}
    return visit.fragment("desk/card.html", issue=issue, item=item, mine=yours, form_token=visit.form_token)


async def correct(visit: Visit) -> Response:
    """Correct an item of an issue that went out."""
    form = await visit.form()
    there = f"{_api(visit)}/items/{visit.path['item']}/correct"
    try:
        await visit.change("notifications", "POST", there, {name: text(form, name) for name in CORRECTION})
    except Refused as refused:
        if refused.status not in REFUSALS:
            raise
        errors = [{"text": "Say what is right", "href": f"#correct-{visit.path['item']}"}]
        return await _desk(visit, errors=errors, status=refused.status)
    return visit.back(f"{_here(visit)}?done=corrected")


async def move_group(visit: Visit) -> Response:
    """Move a care group up or down."""
    form = await visit.form()
    body = {"care_group": text(form, "care_group"), "to": text(form, "press")}
    await visit.change("notifications", "POST", f"{_api(visit)}/groups/move", body)
    return visit.back(f"{_here(visit)}#group-{body['care_group'].replace(' ', '-')}")


async def add_item(visit: Visit) -> Response:
    """Add an item of staff's own words."""
    form = await visit.form()
    body = {name: text(form, name) for name in ("headline", "text", "path")}
    try:
        item = await visit.change("notifications", "POST", f"{_api(visit)}/items", body)
    except Refused as refused:
        if refused.status not in REFUSALS:
            raise
        errors = [{**error, "href": f"#own-{error['href'][1:]}"} for error in error_list(refused, LABELS, "headline")]
        return await _desk(visit, errors=errors, status=refused.status, own=body)
    return visit.back(f"{_here(visit)}?done=added#item-{item['id']}")


async def schedule(visit: Visit) -> Response:
    """Set the moment at which an approved issue is sent, or take it back."""
    form = await visit.form()
    moment = text(form, "at")
    at = f"{moment}:00Z" if len(moment) == 16 else moment or None
    return await _done(visit, "schedule", {"at": at}, "scheduled-issue" if at else "unscheduled")


async def step(visit: Visit) -> Response:
    """Approve, open again, send, pause, resume or cancel."""
    await visit.form()
    what = visit.path["what"]
    if what not in STEPS:
        return visit.back(_here(visit))
    return await _done(visit, what, None, "cancel-issue" if what == "cancel" else what)


async def _done(visit: Visit, what: str, body: dict[str, Any] | None, done: str) -> Response:
    try:
        await visit.change("notifications", "POST", f"{_api(visit)}/{what}", body)
    except Refused as refused:
        if refused.status not in REFUSALS:
            raise
        to_look_at = [
            {"text": e["message"], "href": f"#item-{e['field']}"} for e in refused.errors if what == "approve"
        ]
        return await _desk(visit, errors=to_look_at or error_list(refused, LABELS), status=refused.status)
    return visit.back(f"{_here(visit)}?done={done}")


def _api(visit: Visit) -> str:
    return f"/newsletter/issues/{visit.path['id']}"


def _here(visit: Visit) -> str:
    return f"/staff/newsletter/{visit.path['id']}"


ROUTES = [
    page("/staff/newsletter", issues),
    page("/staff/newsletter", draft, "POST"),
    page("/staff/newsletter/{id}", desk),
    page("/staff/newsletter/{id}/words", save_words, "POST"),
    page("/staff/newsletter/{id}/items", lines),
    page("/staff/newsletter/{id}/items", add_item, "POST"),
    page("/staff/newsletter/{id}/items/{item}", save_item, "POST"),
    page("/staff/newsletter/{id}/items/{item}/correct", correct, "POST"),
    page("/staff/newsletter/{id}/groups", move_group, "POST"),
    page("/staff/newsletter/{id}/schedule", schedule, "POST"),
    page("/staff/newsletter/{id}/{what}", step, "POST"),
]
