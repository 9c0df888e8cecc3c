"""How a stream begins: it is answered, brought up to date, and only then live."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import Send

from services.gateway.guard import HARDENED
from services.gateway.streams.hub import Hub
from services.gateway.streams.wires import Batch, Format, Missed, Reader, Stream, body, heard, reset
from shared.errors import Problem

SEND_SECONDS = 10.0
MOST_BATCHES = 50
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"x-accel-buffering", b"no"),
        *HARDENED,
    ],
}
Replay = Callable[[int], Awaitable[Missed | None]]


@dataclass(slots=True)
class Wanted:
    """What one request wants to hear: dropped once the stream is live.

    *opening* comes first, *state* after what was missed; *in_batches*: the replay gives a long absence piece by piece.
    """

    hub: Hub
    reader: Reader
    format: Format
    replay: Replay
    last_id: str
    opening: bytes = b""
    in_batches: bool = False
    state: bytes = b""


def recent_after(hub: Hub, audience: str, after: int) -> Missed | None:
    """What the hub itself remembers; None when it does not reach back so far."""
    oldest = hub.recent[0].offset if hub.recent else hub.position + 1
    if after < oldest - 1:
        return None
    wires = [wire for wire in hub.recent if wire.offset > after and audience in wire.audiences]
    return heard(Batch(hub.epoch, hub.position, wires))


async def begun(wanted: Wanted, send: Send) -> bool:
    """Answer; bring who was away for long nearer, batch after batch, before the stream joins and things pile up."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await send(START)
            if wanted.opening:
                await send(body(wanted.opening))
        return not wanted.in_batches or await _brought_nearer(wanted, send)
    except Problem:
        await send({"type": "http.response.body", "body": b""})  # what was missed cannot be had: come again
    except TimeoutError:
        Stream(wanted.reader, wanted.format, send, 0).cut()
    return False


async def _brought_nearer(wanted: Wanted, send: Send) -> bool:
    for _ in range(MOST_BATCHES):
        epoch, _, offset = wanted.last_id.rpartition("-")
        batch = await wanted.replay(int(offset)) if offset.isdigit() and epoch == wanted.hub.epoch else None
        if batch is None or not batch.more or not batch.told:
            return True
        async with asyncio.timeout(SEND_SECONDS):
            await send(body(b"".join([wanted.format(*told) for told in batch.told])))
        wanted.last_id = batch.told[-1][0].id
    wanted.last_id = "too-0"  # an absence too long to make up for: the client is told to fetch anew
    return True


async def missed(wanted: Wanted, stream: Stream) -> tuple[bytes, int]:
    """The bytes that bring a client up to date, and the offset that they reach."""
    hub, present = wanted.hub, f"{wanted.hub.epoch}-{stream.after}"
    greeting = f"retry: 1000\nid: {present}\n\n".encode()
    epoch, _, offset = wanted.last_id.rpartition("-")
    if not offset.isdigit():
        return greeting, stream.after
    batch = await wanted.replay(int(offset)) if epoch == hub.epoch else None
    if batch is None or batch.epoch != hub.epoch or int(offset) > max(batch.head, hub.position):
        return bytes(reset(present)["body"]), stream.after
    reached = max([int(offset), *(wire.offset for wire, _ in batch.told)])
    frames = [wanted.format(*told) for told in batch.told]
    return b"".join([f"retry: 1000\nid: {wanted.last_id}\n\n".encode(), *frames]), reached
