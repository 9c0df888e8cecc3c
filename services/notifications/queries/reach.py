"""What this service would do because of messages that nobody has said yet, counted by what it does when they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import alerts
from services.notifications.audience import Crowd, crowds
from services.notifications.delivery.rows import reader_count
from services.notifications.digest import news_among
from services.notifications.matching import wanted_by
from services.notifications.tables import issues, position
from shared.envelope import Envelope
from shared.reach import Because, Reach

PEOPLE, WEBHOOKS = ("person", "people"), ("webhook", "webhooks")
WAYS: tuple[tuple[str, str, tuple[str, str] | None, Callable[[Crowd], bool]], ...] = (
    ("live", "People alerted live", PEOPLE, lambda crowd: crowd.channel == "live"),
    ("mail", "People mailed at once", PEOPLE, lambda crowd: crowd.channel == "mail" and not crowd.deaf),
    ("daily", "People who find it in their daily summary", PEOPLE, lambda crowd: crowd.channel == "daily"),
    ("weekly", "People who want it weekly, without an alert", PEOPLE, lambda crowd: crowd.channel == "weekly"),
    ("unreachable", "People who chose mail and whose address takes none", None, lambda crowd: crowd.deaf),
    ("muted", "People told nothing: they muted the network", None, lambda crowd: crowd.muted),
    (
        "off", "People told nothing: they want nothing of this kind", None,
        lambda crowd: crowd.channel == "off" and not crowd.muted,
    ),
)  # fmt: skip
LABELS = {
    "person": "by name", "role": "with a role", "member": "as members", "follow": "who follow it",
    "officer": "as officers of an oversight body", "interest": "interested in the care group", "staff": "as staff",
    "everyone": "as everybody",
}  # fmt: skip


async def reach(session: AsyncSession, messages: Sequence[Envelope]) -> list[Reach]:
    """Whom *messages* would reach: people by the form in which they are told, the newsletter, webhooks."""
    rows = await alerts.described(session, messages)
    if not rows:
        return []
    said = [announced for message in messages if (announced := message.announcement)]
    found = await crowds(session, said, actor=messages[0].actor)
    counted = [_people(way, label, noun, [c for c in found if belongs(c)]) for way, label, noun, belongs in WAYS]
    webhooks = {subscription_id for subscription_id, _ in await wanted_by(session, rows)}
    return [
        *(each for each in counted if each.count),
        *await _newsletter(session, news_among(rows)),
        *([Reach(way="webhooks", count=len(webhooks), label="Webhooks", noun=WEBHOOKS)] if webhooks else []),
    ]


def _people(way: str, label: str, noun: tuple[str, str] | None, found: Sequence[Crowd]) -> Reach:
    because = [Because(reason=c.route, label=LABELS[c.route], count=c.people) for c in found]
    return Reach(way=way, count=sum(c.people for c in found), label=label, noun=noun, because=because)


async def _newsletter(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> list[Reach]:
    """The issue in whose draft it would stand, and how many readers that has now."""
    if not rows:
        return []
    draft = select(issues.c.number).join(position, position.c.draft_id == issues.c.id).scalar_subquery()
    following = select(func.coalesce(func.max(issues.c.number), 0) + 1).scalar_subquery()
    number = (await session.execute(select(func.coalesce(draft, following)))).scalar_one()
    readers = Because(reason="readers", label="readers now", count=await reader_count(session))
    label = f"Newsletter: it stands in the draft of issue {number}"
    return [Reach(way="newsletter", count=1, label=label, noun=("newsletter", "newsletters"), because=[readers])]
