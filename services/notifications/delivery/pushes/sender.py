"""The sender of browser notifications: any number of processes may run one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.browsers import forget_browser
from services.notifications.delivery.pushes.contents import Going, going
from services.notifications.delivery.pushes.sealing import Seal
from services.notifications.tables import pushes
from shared import clock
from shared.outside.addresses import Doors, WrongUrl, target_of
from shared.outside.calls import Answer, Caller
from shared.service import Parts
from shared.telemetry import PUSHES

log = structlog.get_logger()
BATCH = 50
POLL_SECONDS = 0.25
HELD = timedelta(seconds=60)
"""Longer than a call may take: what a sender that was killed held comes free then."""
PAUSES = (5, 60, 600, 3600)
"""Seconds before the second to fifth try; after the fifth nobody is told any more."""
GONE = frozenset({404, 410})
WORTH_TRYING = frozenset({408, 425, 429}) | frozenset(range(500, 600))
LONGEST_PAUSE = 3600


async def push(parts: Parts) -> None:
    """The worker: send until told to stop. Without a key nobody could ask for notifications, and nothing waits."""
    if not parts.settings.push_key:
        await asyncio.Event().wait()
    caller = Caller(Doors(parts.settings.webhook_allow))
    seal = Seal(parts.settings.push_key, parts.settings.mail_from)
    try:
        while True:
            if not await push_some(parts, caller, seal):
                await asyncio.sleep(POLL_SECONDS)
    finally:
        await caller.close()


async def push_some(parts: Parts, caller: Caller, seal: Seal) -> int:
    """Send what is due, BATCH at most; returns how many."""
    async with parts.database.reading() as session:
        due = select(pushes.c.thing).where(pushes.c.next_at <= clock.now()).limit(1)
        if (await session.execute(due)).first() is None:
            return 0
    async with parts.database.transaction() as session:
        held = await hold(session)
    async with parts.database.reading() as session:
        found = await going(session, held)
    answers = await asyncio.gather(*(_pushed(caller, seal, one) for one in found))
    async with parts.database.transaction() as session:
        for one, answer in sorted(zip(found, answers, strict=True), key=lambda pair: pair[0].person_id):
            await _settle(session, one, answer)  # in the order of people, as everybody who locks several does
    return len(held)


async def hold(session: AsyncSession) -> list[tuple[str, str]]:
    """Take what is due for a while."""
    due = select(pushes.c.browser_id, pushes.c.thing).where(pushes.c.next_at <= clock.now())
    rows = (await session.execute(due.order_by(pushes.c.next_at).limit(BATCH).with_for_update(skip_locked=True))).all()
    held = [(row.browser_id, row.thing) for row in rows]
    values = {"next_at": clock.now() + HELD, "attempts": pushes.c.attempts + 1}
    await session.execute(update(pushes).where(_these(held)).values(values))
    return held


def _these(held: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    return tuple_(pushes.c.browser_id, pushes.c.thing).in_(list(held))


async def _pushed(caller: Caller, seal: Seal, one: Going) -> Answer | None:
    """What the push service answered; None where there was nothing to say."""
    if one.content is None:
        return None
    try:
        target = target_of(one.endpoint)
        content = seal.sealed(one.content, p256dh=one.p256dh, auth=one.auth)
    except (WrongUrl, ValueError) as error:
        return Answer(410, {}, b"", 0, str(error))
    return await caller.post(target, content, seal.headers(target, one.thing))


async def _settle(session: AsyncSession, one: Going, answer: Answer | None) -> None:
    mine = pushes.c.browser_id == one.browser_id, pushes.c.thing == one.thing
    status = answer.status if answer else None
    if status in GONE:
        PUSHES.labels("gone").inc()
        await forget_browser(session, one.browser_id, person_id=one.person_id)
    elif answer is not None and _is_worth_trying(status) and one.attempts <= len(PAUSES):
        PUSHES.labels("later").inc()
        later = clock.now() + timedelta(seconds=_pause(one, answer))
        await session.execute(update(pushes).where(*mine).values(next_at=later))
    else:
        PUSHES.labels("sent" if answer is None or answer.is_success else "failed").inc()
        if answer is not None and not answer.is_success:
            log.warning("push_given_up", browser=one.browser_id, status=status, reason=answer.reason)
        await session.execute(delete(pushes).where(*mine))


def _is_worth_trying(status: int | None) -> bool:
    return status is None or status in WORTH_TRYING


def _pause(one: Going, answer: Answer) -> int:
    asked = answer.headers.get("retry-after", "")
    return max(PAUSES[one.attempts - 1], min(int(asked), LONGEST_PAUSE) if asked.isdigit() else 0)
