"""The two stores, as the conformance suite sees them: each test runs once on each."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest

from shared.store import Store
from shared.store.memory import LocalStore
from shared.store.redis import RedisStore
from tests.conftest import Backends

BOTH = [pytest.param("memory", id="memory"), pytest.param("redis", id="redis", marks=pytest.mark.backends)]


@pytest.fixture(params=BOTH)
async def store(request: pytest.FixtureRequest, backends: Backends) -> AsyncIterator[Store]:
    """Each store in turn, started."""
    store: Store = LocalStore() if request.param == "memory" else RedisStore(backends.need("redis"))
    await store.start()
    yield store
    await store.stop()


@pytest.fixture
def key() -> str:
    """A key that no other test uses."""
    return f"test:{uuid.uuid4().hex}"
