"""Showing again who one is, before what a stolen session must not do."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership import passwords
from services.membership.commands.second_factors import has_app, use_code
from services.membership.tables import Account
from shared.errors import Forbidden


class NoPassword(Forbidden):
    """You have no password here yet; get a link to choose one, which goes to your present address."""


class WrongPresentPassword(Forbidden):
    """Your present password is not right; check it and try again."""


async def require_password(session: AsyncSession, *, person_id: str, present: str) -> None:
    """Raise NoPassword or WrongPresentPassword unless somebody knows their password."""
    account = await session.get(Account, person_id)
    if account is None or not account.password:
        raise NoPassword
    if not await passwords.matches(present, account.password):
        raise WrongPresentPassword


async def require_code(session: AsyncSession, *, person_id: str, code: str, key: str) -> None:
    """Raise WrongCode unless somebody who has an authenticator app gives a code of it."""
    if await has_app(session, person_id):
        await use_code(session, person_id=person_id, code=code, key=key)
