"""Passwords and secrets as they are stored: Argon2 in threads of their own.

Invariant: at most two hashes at a time. Each holds 19 MiB and a core for some 30 ms, so a flood of tries costs
them patience and not us our memory.
"""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_hasher = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))
_threads = ThreadPoolExecutor(2, thread_name_prefix="passwords")
LONGEST = 200


def normal(password: str) -> str:
    """The same characters however a keyboard puts them together (NFC)."""
    return unicodedata.normalize("NFC", password)


def hashed(secret: str) -> str:
    """What is stored of a secret that we made. SHA-256 is enough: it is 256 random bits, not a password."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def hash_of(password: str) -> str:
    """The Argon2 hash of *password*."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, normal(password))


async def matches(password: str, stored: str | None) -> bool:
    """Whether *password* is the one *stored* was made of; takes as long where there is none stored."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _matches, normal(password[:LONGEST]), stored)


def _matches(password: str, stored: str | None) -> bool:
    right = _hasher.verify(password, stored or _of_nobody())
    return right and bool(stored)


@cache
def _of_nobody() -> str:
    return _hasher.hash("nobody")
