"""Personal tokens: opaque, stored by their SHA-256 alone, shown once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.people import NoSuchPerson
from services.membership.commands.standing import judge_again
from services.membership.passwords import hashed
from services.membership.tables import Person, Token
from shared import clock
from shared.auth import SCOPES, Principal
from shared.envelope import new_id
from shared.errors import Forbidden, NotFound, Unprocessable
from shared.mailer.addresses import as_known

PREFIX = "tid_"
LONGEST_DAYS = 365
NOTED = timedelta(minutes=10)


class UnknownScope(Unprocessable):
    """A scope is not known."""


class WrongLifetime(Unprocessable):
    """A token lives for 1 to 365 days."""


class MoreThanYouHave(Forbidden):
    """A token cannot make one that may do more than itself."""


class NoSuchToken(NotFound):
    """There is no such token of yours; it may have been withdrawn already."""


async def make_token(session: AsyncSession, *, email: str, scopes: Sequence[str], days: int) -> str:
    """A new token for the person with that e-mail address. Raises NoSuchPerson, UnknownScope, WrongLifetime."""
    query = select(Person.id).where(Person.email == as_known(email), Person.email != "")
    person_id = (await session.execute(query)).scalar_one_or_none()
    if person_id is None:
        raise NoSuchPerson(f"Nobody is known with the e-mail address {email!r}; check its spelling.")
    return (await _make(session, person_id, scopes, days))[1]


async def make_own_token(
    session: AsyncSession, *, scopes: Sequence[str], days: int, by: Principal, name: str = ""
) -> tuple[Token, str]:
    """A new token for *by*, and its secret. Raises MoreThanYouHave, UnknownScope, WrongLifetime, NoSuchPerson."""
    require_known(scopes)
    if lacking := sorted(scope for scope in scopes if not by.has_scope(scope)):
        raise MoreThanYouHave(f"Your own token lacks {', '.join(lacking)}, so it cannot give them to another.")
    if await session.get(Person, by.person_id) is None:
        raise NoSuchPerson
    return await _make(session, by.person_id, scopes, days, name)


async def withdraw_token(session: AsyncSession, *, token_id: str, by: Principal) -> None:
    """End one of the tokens of *by*, at once. Raises NoSuchToken."""
    token = await session.get(Token, token_id)
    if token is None or token.person_id != by.person_id:
        raise NoSuchToken
    await session.delete(token)
    judge_again(session, by.person_id)


async def note_use(session: AsyncSession, *, token_id: str) -> None:
    """Remember that a token was used now."""
    await session.execute(update(Token).where(Token.id == token_id).values(used_at=clock.now()))


def is_noted(token: Token) -> bool:
    """Whether its use was noted within ten minutes: noting each would be a write for each request."""
    return token.used_at is not None and clock.now() - token.used_at < NOTED


def require_known(scopes: Sequence[str]) -> None:
    """Raise UnknownScope, with the list of those that there are."""
    unknown = sorted(set(scopes) - SCOPES)
    if unknown or not scopes:
        named = f"Unknown scope: {', '.join(unknown)}." if unknown else "Name at least one scope."
        raise UnknownScope(f"{named} There are: {', '.join(sorted(SCOPES))}.", scopes=sorted(SCOPES))


async def _make(
    session: AsyncSession, person_id: str, scopes: Sequence[str], days: int, name: str = ""
) -> tuple[Token, str]:
    require_known(scopes)
    if not 1 <= days <= LONGEST_DAYS:
        raise WrongLifetime
    secret, moment = PREFIX + secrets.token_urlsafe(32), clock.now()
    token = Token(
        id=new_id(), person_id=person_id, name=name, hash=hashed(secret), scopes=sorted(set(scopes)),
        created_at=moment, expires_at=moment + timedelta(days=days),
    )  # fmt: skip
    session.add(token)
    await session.flush()
    return token, secret
