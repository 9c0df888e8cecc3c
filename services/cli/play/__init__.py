"""`tidings demo`: plays a lifelike quarter of an hour of changes against the running system, over its public API.

Whatever is done here is done as a person would do it: with a token, a reason, and the rules of every service. Beside
it the officer's feed and the member's alerts are read as they come, and each line says how soon they came.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from random import Random

import httpx

from services.cli.data import transaction
from services.cli.play.scenes import ACTORS, Refused, Scenes
from services.cli.play.watching import Watch, seen_by
from services.cli.seed.cast import HOME_BODY, MEMBER, OFFICER
from services.membership.commands import make_token
from services.membership.commands.people import NoSuchPerson
from shared.config import Settings
from shared.errors import Problem, Unavailable

PAUSE = 6.0
"""Seconds of life between two changes, on average."""


class DoesNotRun(Unavailable):
    """The system does not answer; start it with `make run`, or name its address in TIDINGS_BASE_URL."""


class NobodyThere(Problem):
    """The demonstration people are not known here; start the system with TIDINGS_DEMO=1 on an empty folder."""

    status = 409
    title = "There is no demonstration to play"


async def demo(settings: Settings, *, seed_only: bool, speed: float, minutes: float) -> None:
    """Load the demonstration, or play *minutes* of life, *speed* times as fast. Raises DoesNotRun, NobodyThere."""
    if seed_only:
        from services.cli import seed

        await seed.alone(settings)
        return
    await _require_running(settings)
    tokens = await _tokens(settings)
    async with AsyncExitStack() as stack:
        clients = {who: await stack.enter_async_context(_client(settings, token)) for who, token in tokens.items()}
        watches = [
            await stack.enter_async_context(Watch("the officer's feed", clients[OFFICER]).reading(_FEED)),
            await stack.enter_async_context(Watch("the member's alerts", clients[MEMBER]).reading("/alerts/stream")),
        ]
        scenes = Scenes(Random(), clients)
        await scenes.look_around()
        await _play(scenes, watches, seconds=minutes * 60 / speed, pause=PAUSE / speed)


_FEED = f"/oversight/{HOME_BODY}/feed/stream"


async def _play(scenes: Scenes, watches: list[Watch], *, seconds: float, pause: float) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stopped.set)
    print(f"Playing for {seconds:.0f} s; Ctrl-C ends it.", flush=True)
    end, done = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < end and not stopped.is_set():
            done += await _one(scenes, watches)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), min(scenes.pause(pause), max(0.0, end - time.monotonic())))
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    times = sorted(seconds for watch in watches for seconds in watch.times)
    middle = f"; half of them seen within {times[len(times) // 2] * 1000:.0f} ms" if times else ""
    print(f"{done} changes, {len(times)} of them seen live{middle}.", flush=True)


async def _one(scenes: Scenes, watches: list[Watch]) -> int:
    """One change and who saw it, as one line; returns how many changes that was."""
    for watch in watches:
        watch.forget()
    try:
        done = await scenes.next()
    except Refused as refused:
        print(f"{time.strftime('%H:%M:%S')}  refused: {refused}", flush=True)
        return 0
    except httpx.TransportError as error:
        raise DoesNotRun(f"The system stopped answering ({type(error).__name__}).") from None
    seen = await seen_by(watches, done)
    told = ", ".join(f"{name} after {took * 1000:.0f} ms" for name, took in seen.items()) or (
        "recorded, not announced" if done.minor else "nobody here is concerned"
    )
    print(f"{time.strftime('%H:%M:%S')}  {done.sentence}  →  {told}", flush=True)
    return 1


async def _require_running(settings: Settings) -> None:
    try:
        async with httpx.AsyncClient(base_url=settings.public_url, timeout=5) as client:
            (await client.get("/health/live")).raise_for_status()
    except httpx.HTTPError as error:
        raise DoesNotRun(
            f"Nothing answers on {settings.public_url} ({type(error).__name__}). {DoesNotRun.__doc__}"
        ) from None


async def _tokens(settings: Settings) -> dict[str, str]:
    """A token for a day for each who acts or watches. Raises NobodyThere."""
    try:
        async with transaction(settings, "membership") as session:
            return {who: await make_token(session, email=who, scopes=["read", "write"], days=1) for who in ACTORS}
    except NoSuchPerson:
        raise NobodyThere from None


@asynccontextmanager
async def _client(settings: Settings, token: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"{settings.public_url}/api", headers=headers, timeout=20) as client:
        yield client
