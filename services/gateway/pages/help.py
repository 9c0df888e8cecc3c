"""Pages of words: help, and what the law asks for."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from services.gateway.pages.sessions import lasting
from services.gateway.visit import PageFunction, Visit, page

TITLES = {
    "help": "Help",
    "accessibility": "Accessibility statement",
    "cookies": "Cookies",
    "privacy": "Privacy",
    "terms": "Terms of use",
    "contact": "Contact",
}


def _of_words(name: str, title: str) -> PageFunction:
    async def words(visit: Visit) -> Response:
        limits = visit.edge.sessions
        return visit.page(
            f"words/{name}.html", title, idle=lasting(limits.idle), longest=lasting(limits.longest)
        )  # fmt: skip

    words.__name__ = name
    return words


async def keyboard(visit: Visit) -> Response:
    """The keys, and the switch that turns them off; the sheet that `?` opens is a piece of it."""
    if visit.is_fragment:
        return visit.fragment("words/keys.html")
    return visit.page("words/keyboard.html", "Keyboard shortcuts")


ROUTES: list[BaseRoute] = [page(f"/{name}", _of_words(name, title)) for name, title in TITLES.items()]
ROUTES.append(page("/help/keyboard", keyboard))
