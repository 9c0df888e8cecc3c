"""Follow a change: one message's way through every service."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.responses import Response

from services.gateway.changes import followed
from services.gateway.pages.charts import timeline
from services.gateway.pages.choices import bodies
from services.gateway.rendering import count, words
from services.gateway.visit import Visit, page

AUDIENCES = {
    "network": "members and followers of the network",
    "body": "officers of {name}",
    "care_group": "interested in {name}",
    "person": "the person concerned",
    "staff": "staff",
    "everyone": "everybody",
}


async def change(visit: Visit) -> Response:
    """The whole fan-out, drawn and as a table."""
    found = await followed(visit.edge.clients, visit.path["id"], visit.principal)
    failed = [stage for stage in found["stages"] if stage["outcome"] in ("failed", "parked")]
    for told in (wire.item for wire in visit.edge.alerts.recent if "public" in wire.audiences):
        if told["message_id"] == found["message_id"]:
            found["headline"] = told["headline"]  # what was told to everybody names whom it names
    names = await bodies(visit)
    return visit.page(
        "change.html", "Follow a change", change=found, chart=timeline(found["stages"]), failed=failed,
        effect_words=partial(effect_words, names),
    )  # fmt: skip


def effect_words(names: Mapping[str, str], effect: Mapping[str, Any]) -> str:
    """One effect as a person says it: `6 readers of the network`."""
    what, number = str(effect.get("what", "")), effect.get("count")
    kind, _, name = what.partition(":")
    sentence = AUDIENCES.get(kind, "")
    if what == "webhooks" and isinstance(number, int):
        return count(number, "program")
    if not sentence:
        return what
    shown = sentence.format(name=names.get(name, words(name)))
    return f"{count(number, 'reader')}, {shown}" if isinstance(number, int) else shown


ROUTES = [page("/changes/{id}", change)]
