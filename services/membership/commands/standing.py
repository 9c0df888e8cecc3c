"""What somebody may do, and how they sign in, is another from now on: whoever holds streams open for them is told.

A broadcast, not a message: what it hints at is asked for again within fifteen seconds in any case.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import ENDED
from shared.db import broadcast_after_commit


def judge_again(session: AsyncSession, person_id: str) -> None:
    """Let every open stream of somebody be judged again once this transaction is committed."""
    broadcast_after_commit(session, ENDED, person_id.encode())
