"""A running system of these tests alone: what is sent to it changes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.system import System, build, running


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The demonstration register, embedded."""
    with running(build(tmp_path_factory.mktemp("api"))) as started:
        yield started
