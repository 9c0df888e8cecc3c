"""What somebody may do, and how they sign in: who may change that, and who is told that it is another now.

A token with few scopes must not make itself wider by way of an account: giving a password, an address or a standing
takes a token that may do everything, or a session.

What is told is a broadcast, not a message: what it hints at is asked for again within fifteen seconds in any case.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import ALL_SCOPES, ENDED, Principal
from shared.errors import Forbidden
from shared.hints import broadcast_after_commit


class OpensAnAccount(Forbidden):
    """This could open an account, so it takes a token with the scopes read and write, or signing in."""


def require_whole(by: Principal) -> None:
    """Raise OpensAnAccount unless *by* asks with all that they may do."""
    if not by.scopes >= ALL_SCOPES:
        raise OpensAnAccount


def judge_again(session: AsyncSession, person_id: str) -> None:
    """Let every open stream of somebody be judged again once this transaction is committed."""
    broadcast_after_commit(session, ENDED, person_id.encode())
