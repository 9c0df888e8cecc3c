"""Foresight: whom a change would reach, put together from what each service says that it would do.

The gateway knows no kind of change and no way of telling: the change's own service makes it and takes it back, and
every service is asked what it would do because of what was said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from services.gateway.changes import named
from services.gateway.clients import Clients, content_of
from services.gateway.rendering import count
from shared.auth import Principal
from shared.boundary import PREVIEW
from shared.errors import BadRequest, Problem

CHOICES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}


class NotAPreview(BadRequest):
    """This cannot be previewed, because it changes nothing; send it without `preview`."""


class TrueOrFalse(BadRequest):
    """`preview` is `true` or `false`; nothing was changed."""


def wants_preview(query: Mapping[str, str]) -> bool:
    """Whether `?preview=` asks to change nothing. Raises TrueOrFalse where it cannot be told."""
    try:
        return CHOICES[query.get("preview", "").lower()]
    except KeyError:
        raise TrueOrFalse from None


async def foreseen(
    clients: Clients, service: str, method: str, url: str, *, principal: Principal, content: bytes, **headers: str
) -> dict[str, Any]:
    """Whom a change would reach. Raises what the change itself would raise."""
    sent = {**headers, "idempotency_key": "", PREVIEW.replace("-", "_"): "yes"}
    answer = await clients.raw(service, method, url, principal=principal, content=content, question=True, **sent)
    messages = content_of(answer)
    if PREVIEW not in answer.headers:
        raise NotAPreview
    found = await asyncio.gather(*(_asked(clients, name, messages) for name in clients.names() if messages))
    items = [{**item, "service": name} for name, part in found for item in part or []]
    told = [told for message in messages if (told := (message["data"] or {}).get("announcement"))]
    return {
        "items": items, "next": None, "total": len(items), "sentence": sentence(items),
        "headlines": [await named(clients, each["headline"], principal) for each in told],
        "away": [name for name, part in found if part is None],
    }  # fmt: skip


async def _asked(clients: Clients, name: str, messages: Any) -> tuple[str, list[dict[str, Any]] | None]:
    """What one service would do; None where it does not answer."""
    try:
        return name, await clients.question(name, "/internal/reach", messages)
    except Problem:
        return name, None


def sentence(items: Iterable[Mapping[str, Any]]) -> str:
    """`This reaches 412 people, 2 oversight bodies and 3 webhooks.`"""
    sums: dict[tuple[str, str], int] = {}
    for item in items:
        if item["noun"] and item["count"]:
            one, many = item["noun"]
            sums[one, many] = sums.get((one, many), 0) + item["count"]
    counted = [count(number, one, many) for (one, many), number in sums.items()]
    if not counted:
        return "This reaches nobody."
    listed = counted[0] if len(counted) == 1 else f"{', '.join(counted[:-1])} and {counted[-1]}"
    return f"This reaches {listed}."
