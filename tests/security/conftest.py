"""One running system for all that is tried on it. It logs all it can, so that secrets can be looked for in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.flows.system import System, build, running
from tests.security.hostile import Made, made_by
from tests.security.samples import Samples
from tests.security.visiting import Person, Site

Opening = Callable[..., Person]


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The demonstration register, embedded."""
    with running(build(tmp_path_factory.mktemp("security"), TIDINGS_LOG_LEVEL="debug")) as started:
        yield started


@pytest.fixture(scope="package")
def site(system: System) -> Iterator[Site]:
    """Everybody who goes there."""
    made = Site(system.url)
    yield made
    made.close()


@pytest.fixture(scope="package")
def made(site: Site) -> Made:
    """What was made of text that was written to do harm."""
    return made_by(site.as_("staff"))


@pytest.fixture(scope="module")
def samples(site: Site) -> Samples:
    """Real addresses for the templates of routes."""
    return Samples(site)


@pytest.fixture(scope="package")
def document(site: Site) -> dict[str, Any]:
    """The API's document."""
    found: dict[str, Any] = site.as_("anonymous").get("/api/openapi.json").json()
    return found


@pytest.fixture
def opened(system: System) -> Iterator[Opening]:
    """Opens a browser of its own, of nobody or of an account, for what ends a session or begins one."""
    people: list[Person] = []

    def open_browser(account: str = "") -> Person:
        people.append(Person(system.url, account))
        return people[-1]

    yield open_browser
    for person in people:
        person.browser.close()
