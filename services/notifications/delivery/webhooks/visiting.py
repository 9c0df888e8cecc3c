"""One visit of one endpoint: what is due there, in order, a few calls at once, until one fails."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from services.notifications.delivery.webhooks.judging import judged, paused_until, why_disabled
from services.notifications.delivery.webhooks.rows import Left, Tried, Visit
from services.notifications.delivery.webhooks.signing import secret_of, signed, valid
from shared import clock
from shared.outside.addresses import Target, target_of
from shared.outside.calls import Answer

CALLS_AT_ONCE = {"quick": 5, "new": 1, "slow": 1}
"""At one endpoint, by its pace."""
OVERRUN_SECONDS = 0.5
"""A call that lasts longer makes its endpoint a slow one."""
HEADERS = {"content-type": "application/json; charset=utf-8", "user-agent": "Tidings-Webhooks/1 (Standard Webhooks)"}

Post = Callable[[Target, bytes, Mapping[str, str]], Awaitable[Answer]]
Record = Callable[[Tried], Awaitable[None]]


class Visiting:
    """The course of a visit. `overran` once a call lasted too long; `disabled` says why it is the last visit."""

    def __init__(
        self, visit: Visit, bodies: Mapping[int, bytes | None], *, signing_key: str, post: Post, record: Record,
        overrun: Callable[[], None],
    ) -> None:  # fmt: skip
        """*overrun* is called when a call begins to last too long; *record* returns when a try is written down."""
        self._visit = visit
        self._bodies = bodies
        self._post, self._record, self._on_overrun = post, record, overrun
        subscription = visit.subscription
        kept = valid(subscription["secrets"], clock.now())
        self._keys = [secret_of(signing_key, subscription["id"], secret["salt"]) for secret in kept]
        self._target = target_of(subscription["url"])
        self._failed: Answer | None = None
        self._arrived_at: datetime | None = None
        self._is_over = False
        self.overran = False
        self.disabled = ""

    async def run(self) -> Left:
        """Send what is due; returns how the endpoint is left."""
        queues = self._queues()
        at_once = min(CALLS_AT_ONCE[self._visit.endpoint["pace"]], len(queues))
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._work(queues))
        return self._left()

    def stop(self) -> None:
        """Begin no further call."""
        self._is_over = True

    def _queues(self) -> deque[deque[Mapping[str, Any]]]:
        """The messages of each network in their order; what concerns none stands alone."""
        queues: dict[str, deque[Mapping[str, Any]]] = {}
        for row in self._visit.due:
            queues.setdefault(row["network_id"] or row["message_id"], deque()).append(row)
        return deque(queues.values())

    async def _work(self, queues: deque[deque[Mapping[str, Any]]]) -> None:
        while queues and not self._is_over:
            queue = queues.popleft()
            while queue and not self._is_over:
                await self._send(queue.popleft())

    async def _send(self, row: Mapping[str, Any]) -> None:
        body = self._bodies[row["number"]]
        if body is None:
            gone = "Its owner may no longer see this change."
            await self._record(Tried(row["number"], "withdrawn", gone))
            return
        answer = await self._called(row["message_id"], body)
        tried = judged(row, answer)
        if answer.is_success:
            self._arrived_at = clock.now()
        elif row["kind"] != "test":
            self._failed, self._is_over = answer, True
        arrived = self._arrived_at or self._visit.endpoint["delivered_at"]
        self.disabled = self.disabled or why_disabled(row, tried, arrived)
        await self._record(tried)

    async def _called(self, message_id: str, body: bytes) -> Answer:
        headers = {**HEADERS, **signed(self._keys, message_id, clock.now(), body)}
        timer = asyncio.get_running_loop().call_later(OVERRUN_SECONDS, self._overrun)
        try:
            return await self._post(self._target, body, headers)
        finally:
            timer.cancel()

    def _overrun(self) -> None:
        if not self.overran:
            self.overran = True
            self._on_overrun()

    def _left(self) -> Left:
        endpoint = self._visit.endpoint
        before = 0 if self._arrived_at else endpoint["failures"]
        failures = before + 1 if self._failed else before
        since = None if self._arrived_at else endpoint["failing_since"]
        rest = None if self._arrived_at else endpoint["paused_until"]
        tried = self._failed or self._arrived_at
        return Left(
            endpoint["subscription_id"], delivered_at=self._arrived_at, failures=failures,
            pace="slow" if self.overran else "quick" if tried else endpoint["pace"],
            failing_since=(since or clock.now()) if self._failed else since,
            paused_until=paused_until(failures, self._failed) if self._failed else rest,
        )  # fmt: skip
