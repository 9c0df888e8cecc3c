"""Contents: what notifications say, as their readers would see it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import network_names
from services.notifications.audience import Best, reach, sentence
from services.notifications.channels import LIVE, MAIL
from services.notifications.headlines import filled, names_in
from services.notifications.tables import alerts, browsers, pushes, summary_items
from shared.db import among


@dataclass(frozen=True, slots=True)
class Going:
    """A notification that is to go now; `content` is None where its reader is not told it any more."""

    browser_id: str
    person_id: str
    endpoint: str
    p256dh: str
    auth: str
    thing: str
    attempts: int
    content: bytes | None


async def going(session: AsyncSession, held: Sequence[tuple[str, str]]) -> list[Going]:
    """The notifications (browser, thing) that a sender holds."""
    rows = (
        await session.execute(
            select(browsers, pushes.c.thing, pushes.c.attempts)
            .join(pushes, pushes.c.browser_id == browsers.c.id)
            .where(among(session, pushes.c.browser_id, sorted({browser_id for browser_id, _ in held})))
        )
    ).mappings()
    mine = [row for row in rows if (row["id"], row["thing"]) in set(held)]
    said = {key: await _said(session, *key) for key in {(row["person_id"], row["thing"]) for row in mine}}
    names = ("person_id", "endpoint", "p256dh", "auth", "thing", "attempts")
    return [
        Going(row["id"], **{name: row[name] for name in names}, content=said[row["person_id"], row["thing"]])
        for row in mine
    ]


async def _said(session: AsyncSession, person_id: str, thing: str) -> bytes | None:
    alert = (await session.execute(select(alerts).where(alerts.c.message_id == thing))).mappings().first()
    if alert is None:
        return await _summed_up(session, person_id, thing)
    told = (await session.execute(reach(person_id=person_id, where=[alerts.c.offset == alert["offset"]]))).first()
    best = Best.of(told.best) if told else None
    return await _of_alert(session, alert, best) if best and best.channel in (LIVE, MAIL) else None


async def _of_alert(session: AsyncSession, alert: RowMapping, best: Best) -> bytes:
    people = await names_in(session, [alert["headline"]])
    told = best.audience.removeprefix("network:")
    called = await network_names(session, [told, alert["network_id"]])
    why = sentence(best.route, best.audience, called.get(told, ""))
    return orjson.dumps(
        {
            "title": called.get(alert["network_id"], ""), "body": filled(alert["headline"], people),
            "path": alert["path"], "why": f"/alerts/{alert['message_id']}/why", "reason": why,
            "tag": alert["message_id"],
        }
    )  # fmt: skip


async def _summed_up(session: AsyncSession, person_id: str, thing: str) -> bytes | None:
    mine = summary_items.c.person_id == person_id, summary_items.c.thing == thing
    count = (await session.execute(select(func.count()).select_from(summary_items).where(*mine))).scalar_one()
    if not count:
        return None
    body = f"{count} change{'' if count == 1 else 's'} while it was quiet"
    return orjson.dumps({"title": "", "body": body, "path": "/alerts", "why": "", "reason": "", "tag": thing})
