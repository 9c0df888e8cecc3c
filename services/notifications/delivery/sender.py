"""The sender: works through what is due over several connections at once. Any number of processes may run one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from services.notifications.commands.issues import finish_sent
from services.notifications.delivery import rows
from services.notifications.delivery.marks import Finished, Marks
from services.notifications.delivery.pace import Pace, rates_in
from services.notifications.delivery.rows import Held
from services.notifications.delivery.webhooks.notices import Notice, notice
from services.notifications.letters.correction import CorrectionLetter, correction_letter
from services.notifications.letters.editions import (
    AlertLetter,
    Edition,
    TrialLetter,
    alert_letter,
    edition_of,
    trial_letter,
)
from services.notifications.letters.signup import SignUpLetter, signup_letter
from services.notifications.letters.stationery import NotAnAddress, Recipient, Stationery
from services.notifications.letters.summary import SummaryLetter, summary_letter
from shared.envelope import new_id
from shared.mailer import Connection, Deferred, Mail, Outcome, Refused
from shared.service import Parts

FIRST = 200
"""In the first batch: while these are sent the next is fetched."""
BATCH = 1000
LOW = 500
"""Fewer than this in hand, and the next batch is fetched while these are sent."""
POLL_SECONDS = 0.1
ALIVE_SECONDS = 1.5
STOP_SECONDS = 8.0
"""How long a connection may take to finish its mail when the process is told to stop."""
AWAY_PAUSES = (1, 2, 5, 10, 30)
KEPT_LETTERS = 50
Written = tuple[bytes, str] | Refused
"""A copy's content and the items that it told; or why there can be none."""
Letter = Edition | TrialLetter | CorrectionLetter | SignUpLetter | AlertLetter | Notice | SummaryLetter
MAKERS: dict[str, Callable[..., Awaitable[Letter]]] = {
    "newsletter": edition_of,
    "test": trial_letter,
    "correction": correction_letter,
    "signup": signup_letter,
    "alert": alert_letter,
    "webhook": notice,
    "summary": summary_letter,
}
"""Kind of a delivery → what makes its letter."""


async def deliver(parts: Parts) -> None:
    """The worker: send until told to stop."""
    await Sender(parts).run()


class Sender:
    """One sender with its connections and the copies it holds."""

    def __init__(self, parts: Parts) -> None:
        """Send what the database of *parts* holds through its mailer."""
        self.id = new_id()
        self._database = parts.database
        self._mailer = parts.mailer
        self._stationery = Stationery(parts.settings)
        self._marks = Marks(parts.database, self.id, lambda: len(self._connections))
        self._pace = Pace(rates_in(parts.settings.mail_rates))
        self._ready: deque[Held] = deque()
        self._letters: dict[tuple[str, int], asyncio.Task[Letter]] = {}
        self._newest: dict[str, int] = {}
        self._fetching: asyncio.Task[None] | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._is_stopping = False
        self._is_away = False
        self._is_all_in_hand = False

    async def run(self) -> None:
        """Send what is due, wait for more; stop politely when cancelled."""
        alive = asyncio.create_task(self._say_alive(), name="sender-alive")
        pauses = iter(AWAY_PAUSES)
        try:
            while True:
                await self._send_all_due()
                await self._finish()
                pauses = pauses if self._is_away else iter(AWAY_PAUSES)
                await self._pause(next(pauses, AWAY_PAUSES[-1]) if self._is_away else 0)
        finally:
            await self._stop(alive)

    async def _pause(self, seconds: float) -> None:
        """While the server is away, so long; else until copies are ordered here, or it is time to look."""
        if seconds:
            await asyncio.sleep(seconds)
        else:
            await self._database.woken(rows.WAKE, seconds=POLL_SECONDS)

    async def _send_all_due(self) -> None:
        """Send until nothing is due any more, or the server is away."""
        self._is_away = self._is_all_in_hand = False
        self._letters.clear()
        self._newest.clear()
        async with self._database.reading() as session:
            if not self._ready and not await rows.anything_due(session):
                return
        await self._fetch(FIRST)
        if self._ready:
            self._connections = self._open_connections()
            await _all_of(self._connections)
            self._connections = set()
            await self._marks.close()

    async def _stop(self, alive: asyncio.Task[None]) -> None:
        """Let each connection finish its mail; give back the rest."""
        self._is_stopping = True
        if self._connections:
            _, late = await asyncio.wait(self._connections, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
        alive.cancel()
        if self._fetching:
            await asyncio.wait([self._fetching])
        with suppress(Exception):  # without it the hold lapses by itself, and whoever claims next settles
            await self._marks.close()
            async with self._database.transaction() as session:
                await rows.give_back(session, self.id)
                await rows.say_gone(session, self.id)

    def _open_connections(self) -> set[asyncio.Task[None]]:
        count = min(self._mailer.connections(), len(self._ready))
        return {asyncio.create_task(self._connection(), name=f"mail-{number}") for number in range(count)}

    async def _connection(self) -> None:
        """Send one copy after another until nothing is due, somebody stops us or the server is away."""
        finished: Finished | None = None
        following: Held | None = None
        async with self._mailer.connection() as line:
            while (copy := following or await self._next()) is not None:
                marked = self._marks.write(finished, copy)
                early = self._early(copy)
                edition = await marked
                finished = following = None
                if edition is None:
                    await self._let_go()
                    continue
                following = self._following()
                finished = await self._send(line, copy, edition, early, following)
                self._look(finished.outcome)
                self._pace.heard(copy.address, finished.outcome)
                following = None if self._is_ending else following
            if finished is not None:
                await self._marks.write(finished, None)

    def _early(self, copy: Held) -> tuple[int, Written] | None:
        """A copy in the newest edition of its letter, written while the database marks it."""
        edition = self._newest.get(copy.thing)
        making = None if edition is None else self._letters.get((copy.thing, edition))
        if edition is None or making is None or not making.done():
            return None
        return edition, _written(making.result(), copy)

    async def _send(
        self, line: Connection, copy: Held, edition: int, early: tuple[int, Written] | None, following: Held | None
    ) -> Finished:
        self._newest[copy.thing] = edition
        written = early[1] if early and early[0] == edition else _written(await self._letter(copy, edition), copy)
        if isinstance(written, Refused):
            return Finished(copy, written, edition)
        content, told = written
        mail_id = self._stationery.mail_id(copy.thing, copy.reader_id)
        mail = Mail(mail_id, self._stationery.sender, copy.address, content, is_transparent=True)
        return Finished(copy, await line.send(mail, following.address if following else ""), edition, told)

    def _look(self, outcome: Outcome) -> None:
        """When the server is away nothing more is tried until a pause, growing, has passed."""
        if isinstance(outcome, Deferred) and outcome.server_away:
            self._is_away = True
            self._ready.clear()

    async def _letter(self, copy: Held, edition: int) -> Letter:
        """What a copy is made from, made once, for whoever asks meanwhile too.

        An issue that is being sent changes by its corrections alone.
        """
        making = self._letters.get((copy.thing, edition))
        if making is None:
            if len(self._letters) >= KEPT_LETTERS:
                self._letters.clear()
            making = asyncio.create_task(self._made(copy, edition), name="letter")
            self._letters[copy.thing, edition] = making
        return await asyncio.shield(making)

    async def _made(self, copy: Held, edition: int) -> Letter:
        of_issue = {"corrected": edition} if copy.kind == "newsletter" else {}
        async with self._database.reading() as session:
            return await MAKERS[copy.kind](session, self._stationery, copy.thing, **of_issue)

    # What is in hand

    @property
    def _is_ending(self) -> bool:
        """Whether no further copy is to begin: somebody stops us, or the server is away."""
        return self._is_stopping or self._is_away

    def _following(self) -> Held | None:
        """The copy to come, if there is one in hand that may go now. Whoever takes it begins it, or leaves it held."""
        self._begin_fetching()
        if self._ready and not self._is_ending and not self._pace.wait(self._ready[0].address):
            return self._ready.popleft()
        return None

    async def _next(self) -> Held | None:
        """The next copy that may go; None when there is none, somebody stops us, or the server is away."""
        while not self._is_ending:
            await self._fetch_when_low()
            if not self._ready or self._is_stopping:
                break
            if (copy := await self._next_in_pace()) is not None:
                return copy
        return None

    async def _fetch_when_low(self) -> None:
        self._begin_fetching()
        while not self._ready and self._fetching is not None and not self._fetching.done():
            await asyncio.wait([self._fetching])

    def _begin_fetching(self) -> None:
        """Fetch the next batch while there is still something to send."""
        is_fetching = self._fetching is not None and not self._fetching.done()
        if len(self._ready) < LOW and not is_fetching and not self._is_all_in_hand:
            self._fetching = asyncio.create_task(self._fetch(), name="sender-fetch")

    async def _next_in_pace(self) -> Held | None:
        """The first in hand whose domain takes it now; those before it are put off together."""
        late: list[tuple[int, float]] = []
        found = None
        while self._ready and found is None:
            copy = self._ready.popleft()
            wait = self._pace.wait(copy.address)
            if wait:
                late.append((copy.number, wait))
            else:
                found = copy
        if late:
            async with self._database.transaction() as session:
                await rows.put_off(session, self.id, late)
        return found

    async def _fetch(self, most: int = BATCH) -> None:
        async with self._database.transaction() as session:
            await rows.say_alive(session, self.id)
            numbers = await rows.claim(session, self.id, limit=most)
        if numbers:
            async with self._database.reading() as session:
                self._ready.extend(await rows.held(session, numbers))
        self._is_all_in_hand = len(numbers) < most

    async def _let_go(self) -> None:
        """A copy may not go: its issue was paused, or it is somebody else's by now. Begin anew with what may."""
        self._ready.clear()
        self._is_all_in_hand = False
        await self._marks.give_back()

    async def _finish(self) -> None:
        """Issues whose last copy has gone are sent."""
        async with self._database.reading() as session:
            ready = await rows.finished_issues(session)
        if ready:
            async with self._database.transaction() as session:
                await finish_sent(session, ready)

    async def _say_alive(self) -> None:
        """While there is something in hand; a database that is away fails the marks too, and they are heard."""
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            if self._connections:
                with suppress(Exception):
                    async with self._database.transaction() as session:
                        await rows.say_alive(session, self.id)
                    self._marks.settle_in_time()


def _written(letter: Letter, copy: Held) -> Written:
    reader = Recipient(copy.reader_id, copy.name, copy.address)
    try:
        if isinstance(letter, Edition):
            return letter.written(reader, copy.audiences, copy.muted)
        return letter.mail(reader, copy.audiences, copy.muted), ""
    except NotAnAddress as error:
        return Refused(553, error.detail)


async def _all_of(tasks: set[asyncio.Task[None]]) -> None:
    """Wait for all; raise the first failure. Cancelled, the tasks go on: whoever stops us lets them finish."""
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        task.result()
