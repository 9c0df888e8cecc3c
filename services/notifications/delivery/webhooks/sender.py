"""The sender: visits the endpoints that are due, many at once, each in the lane of its pace."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import structlog

from services.notifications.commands.switching import disable_failing
from services.notifications.delivery.rows import say_alive, say_gone
from services.notifications.delivery.together import Together
from services.notifications.delivery.webhooks import rows
from services.notifications.delivery.webhooks.prepared import prepared
from services.notifications.delivery.webhooks.rows import Left, Tried, Visit
from services.notifications.delivery.webhooks.visiting import Visiting
from services.notifications.letters.stationery import Stationery
from shared.envelope import new_id
from shared.outside.addresses import Doors
from shared.outside.calls import Caller
from shared.service import Parts
from shared.telemetry import WEBHOOKS

log = structlog.get_logger()
LANES = {"quick": 128, "new": 128, "slow": 128}
"""Visits at once, by pace."""
A_TURN = {"quick": 128, "new": 32, "slow": 16}
"""Visits that begin together."""
TURNS_APART_SECONDS = 0.25
"""Between two turns of receivers that may never answer: looking for them is to keep nobody waiting."""
MOST_WAITING = 512
"""Visits at once that have overrun and so given up their place in a lane. With that many, nobody new or slow gives up
a place any more, so no further ones of these begin; the places of the quick are never touched by this."""
MOST_IN_ALL = 1_500
"""Visits at once whatever their pace: sockets are not endless."""
POLL_SECONDS = 0.1
BREATH_SECONDS = 0.01
"""After some visits ended and before others begin: claims of several places cost one transaction."""
ALIVE_SECONDS = 1.5
STOP_SECONDS = 8.0
SWEEP_SECONDS = 3600.0


async def deliver_webhooks(parts: Parts) -> None:
    """The worker: visit until told to stop."""
    caller = Caller(Doors(parts.settings.webhook_allow))
    try:
        await WebhookSender(parts, caller).run()
    finally:
        await caller.close()


class WebhookSender:
    """One sender with the endpoints it holds."""

    def __init__(self, parts: Parts, caller: Caller) -> None:
        """Send what the database of *parts* holds, by *caller*."""
        self.id = new_id()
        self._database = parts.database
        self._signing_key = parts.settings.services_key
        self._caller = caller
        self._stationery = Stationery(parts.settings)
        self._marks: Together[Tried | Left, None] = Together(self._write, "webhook-marks")
        self._late_marks: Together[Tried | Left, None] = Together(self._write, "webhook-late-marks")
        self._visits: dict[asyncio.Task[None], Visiting] = {}
        self._in_lane: Counter[str] = Counter()
        self._woken = asyncio.Event()
        self._broken: BaseException | None = None
        self._sweep_at = 0.0
        self._others_at = 0.0

    async def run(self) -> None:
        """Visit what is due, wait for more; stop politely when cancelled."""
        alive = asyncio.create_task(self._say_alive(), name="webhooks-alive")
        try:
            while self._broken is None:
                await self._begin_visits()
                await self._rest()
                await self._sweep()
            raise self._broken
        finally:
            await self._stop(alive)

    # Visits

    async def _begin_visits(self) -> None:
        """Begin what is due: the visits of the quick are on their way before those of others are looked at."""
        room = MOST_IN_ALL - len(self._visits)
        free = {pace: min(most - self._in_lane[pace], A_TURN[pace], room) for pace, most in LANES.items()}
        turn = time.monotonic() >= self._others_at
        wanted = [pace for pace, places in free.items() if places > 0 and (turn or pace == "quick")]
        async with self._database.reading() as session:
            due = await rows.due_paces(session, wanted)
        if set(due) - {"quick"}:
            self._others_at = time.monotonic() + TURNS_APART_SECONDS
        for pace in due:
            await self._begin_of(pace, free[pace])

    async def _begin_of(self, pace: str, places: int) -> None:
        async with self._database.transaction() as session:
            await say_alive(session, self.id)
            held = await rows.claim(session, self.id, pace, limit=places)
        async with self._database.reading() as session:
            found = await rows.visits(session, held, pace)
            bodies = await prepared(session, found, self._stationery)
        for visit in found:
            self._begin(visit, bodies)

    def _begin(self, visit: Visit, bodies: dict[int, bytes | None]) -> None:
        pace = visit.endpoint["pace"]
        place, marks = _Place(self._in_lane, pace, self._woken), self._marks if pace == "quick" else self._late_marks
        visiting = Visiting(
            visit, bodies, signing_key=self._signing_key, post=self._caller.post, record=marks.add,
            overrun=lambda: self._overran(place),
        )  # fmt: skip
        subscription_id = visit.subscription["id"]
        task = asyncio.create_task(self._visit(visiting, subscription_id, marks), name=f"webhook-{subscription_id}")
        self._visits[task] = visiting
        task.add_done_callback(lambda done: self._ended(done, place))

    def _overran(self, place: _Place) -> None:
        """A call lasts too long: let another have the place, while those that wait so are not too many."""
        waiting = len(self._visits) - sum(self._in_lane.values())
        if place.pace == "quick" or (place.pace == "new" and waiting < MOST_WAITING):
            place.leave()

    async def _visit(self, visiting: Visiting, subscription_id: str, marks: Together[Tried | Left, None]) -> None:
        try:
            left = await visiting.run()
            if visiting.disabled:
                async with self._database.transaction() as session:
                    await disable_failing(session, subscription_id, visiting.disabled)
            await marks.add(left)
        except Exception as error:
            first = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
            reason = f"{type(first).__name__}: {first}"
            log.warning("webhook_visit_failed", subscription=subscription_id, reason=reason[:300])
            async with self._database.transaction() as session:
                await rows.set_aside(session, self.id, subscription_id)

    def _ended(self, task: asyncio.Task[None], place: _Place) -> None:
        """A visit that could not even be set aside breaks the whole: the sender begins anew under another name."""
        self._visits.pop(task, None)
        place.leave()
        if not task.cancelled():
            self._broken = self._broken or task.exception()

    async def _write(self, group: list[Tried | Left]) -> Sequence[None]:
        tried = [one for one in group if isinstance(one, Tried)]
        async with self._database.transaction() as session:
            await rows.write_tried(session, tried)
            await rows.leave(session, self.id, [one for one in group if isinstance(one, Left)])
        for one in tried:
            WEBHOOKS.labels(one.state).inc()
        return [None] * len(group)

    # Between visits

    async def _rest(self) -> None:
        """Until a visit has ended, or it is time to look."""
        self._woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._woken.wait()
                await asyncio.sleep(BREATH_SECONDS)

    async def _sweep(self) -> None:
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + SWEEP_SECONDS
            async with self._database.transaction() as session:
                await rows.sweep(session)

    async def _say_alive(self) -> None:
        """While endpoints are held; a database that is away fails the marks too, and they are heard."""
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            if self._visits:
                with suppress(Exception):
                    async with self._database.transaction() as session:
                        await say_alive(session, self.id)

    async def _stop(self, alive: asyncio.Task[None]) -> None:
        """Let each visit finish the calls that it has begun; give back the rest."""
        for visiting in self._visits.values():
            visiting.stop()
        if self._visits:
            _, late = await asyncio.wait(set(self._visits), timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
        alive.cancel()
        with suppress(Exception):  # without it the hold lapses by itself
            async with self._database.transaction() as session:
                await rows.let_go(session, self.id)
                await say_gone(session, self.id)


class _Place:
    """A visit's place in its lane, given up once."""

    def __init__(self, in_lane: Counter[str], pace: str, woken: asyncio.Event) -> None:
        self._in_lane, self.pace, self._woken = in_lane, pace, woken
        self._is_held = True
        in_lane[pace] += 1

    def leave(self) -> None:
        """Give it up; who looks for places is woken."""
        if self._is_held:
            self._is_held = False
            self._in_lane[self.pace] -= 1
            self._woken.set()
