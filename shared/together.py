"""Jobs beside each other, of which none goes on when the others are given up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def together(*jobs: Coroutine[Any, Any, Any]) -> list[Any]:
    """What each of *jobs* returns. Waits for each, whatever becomes of the others; raises as the first that failed."""
    found = await asyncio.gather(*jobs, return_exceptions=True)
    for failed in (each for each in found if isinstance(each, BaseException)):
        raise failed
    return found
