"""A consumer as a process of its own, to be killed: prints each record it has done, commits every batch of five."""

from __future__ import annotations

import asyncio
import sys

from tests.log.conftest import ends, open_kind, texts


async def main(kind: str, address: str, group: str, topic: str) -> None:
    """Read for ever, slowly."""
    log = open_kind(kind, address)
    await log.start()
    member = await log.subscribe(group=group, topics=[topic])
    while True:
        records = await member.fetch(limit=5, timeout=1)
        for text in texts(records):
            print(text, flush=True)
            await asyncio.sleep(0.005)
        await member.commit(ends(records))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
