"""The second factor: a code of an authenticator app (TOTP, RFC 6238), or a recovery code, beside the password.

Invariants:
1. A code works once: the thirty seconds it belongs to are remembered, and a recovery code is deleted as it is used.
2. The key is shown once and kept encrypted; recovery codes are kept as hashes.
3. Who has a second factor replaces or removes it only with a code; who has lost everything asks staff.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.commands.letters import put_down
from services.membership.commands.people import locked_person
from services.membership.passwords import hashed
from services.membership.tables import RecoveryCode, SecondFactor
from shared import clock
from shared.errors import Conflict, Forbidden

STEP_SECONDS = 30
EARLY_OR_LATE = 1
"""Steps that a phone's clock may be wrong by, either way."""
RECOVERY_CODES = 10


class WrongCode(Forbidden):
    """The code is not right, or was used already; wait for the next one in the app and try again."""


class NothingBegun(Conflict):
    """No authenticator app is being set up; begin again."""


class SetUpAlready(Conflict):
    """An authenticator app is set up already; remove it first, which takes a code."""


async def begin_second_factor(session: AsyncSession, *, person_id: str, key: str) -> str:
    """A new secret (base32) for an app; it counts once confirmed. Raises NoSuchPerson, SetUpAlready."""
    await locked_person(session, person_id)
    kept = await session.get(SecondFactor, person_id)
    if kept and kept.confirmed_at:
        raise SetUpAlready
    secret = pyotp.random_base32()
    row = SecondFactor(person_id=person_id, secret=_box(key).encrypt(secret.encode()).decode(), last_step=0)
    await session.merge(row)
    await session.flush()
    return secret


async def confirm_second_factor(session: AsyncSession, *, person_id: str, code: str, key: str) -> list[str]:
    """Let the app count, against a first code of it; the recovery codes, shown this once.

    Raises NoSuchPerson, NothingBegun, SetUpAlready, WrongCode.
    """
    person = await locked_person(session, person_id)
    kept = await session.get(SecondFactor, person_id)
    if kept is None:
        raise NothingBegun
    if kept.confirmed_at:
        raise SetUpAlready
    kept.last_step = _step_of(kept, code, key)
    kept.confirmed_at = clock.now()
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(hash=_hash_of(person_id, one), person_id=person_id) for one in codes)
    put_down(session, kind="app-on", address=person.email, subject_id=person_id)
    await session.flush()
    return codes


async def use_code(session: AsyncSession, *, person_id: str, code: str, key: str) -> None:
    """Take a code of the app, or a recovery code, which is then used up. Raises WrongCode."""
    kept = await session.get(SecondFactor, person_id)
    if kept is None or kept.confirmed_at is None:
        raise WrongCode
    used = delete(RecoveryCode).where(RecoveryCode.hash == _hash_of(person_id, code))
    if (await session.execute(used.returning(RecoveryCode.hash))).first() is not None:
        return
    step = _step_of(kept, code, key)
    newer = update(SecondFactor).where(SecondFactor.person_id == person_id, SecondFactor.last_step < step)
    if (await session.execute(newer.values(last_step=step).returning(SecondFactor.person_id))).first() is None:
        raise WrongCode  # somebody used it a moment ago


async def has_app(session: AsyncSession, person_id: str) -> bool:
    """Whether signing in takes a code of theirs."""
    kept = await session.get(SecondFactor, person_id)
    return kept is not None and kept.confirmed_at is not None


async def remove_second_factor(session: AsyncSession, *, person_id: str) -> None:
    """Let the password alone do again, and forget the recovery codes; its owner is told. Raises NoSuchPerson."""
    person = await locked_person(session, person_id)
    if await has_app(session, person_id):
        put_down(session, kind="app-off", address=person.email, subject_id=person_id)
    await session.execute(delete(SecondFactor).where(SecondFactor.person_id == person_id))
    await session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))


def _step_of(kept: SecondFactor, code: str, key: str) -> int:
    """Which thirty seconds *code* belongs to. Raises WrongCode where it is of none that may still be used."""
    try:
        app = pyotp.TOTP(_box(key).decrypt(kept.secret.encode()).decode(), interval=STEP_SECONDS)
    except InvalidToken:
        raise WrongCode("The services' secret was changed since this app was set up; ask staff to remove it.") from None
    now = int(clock.now().timestamp()) // STEP_SECONDS
    said = "".join(code.split())
    for step in range(now - EARLY_OR_LATE, now + EARLY_OR_LATE + 1):
        if step > kept.last_step and secrets.compare_digest(app.generate_otp(step).encode(), said.encode()):
            return step
    raise WrongCode


def _box(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"second factor:{key}".encode()).digest()))


def _hash_of(person_id: str, code: str) -> str:
    return hashed(f"{person_id}:{code.strip().lower()}")
