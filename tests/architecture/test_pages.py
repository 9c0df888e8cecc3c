"""What a page does, a program can do: pages ask services nothing that the API does not pass on."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast
PAGES = Path(__file__).parents[2] / "services" / "gateway" / "pages"
BROWSERS_ALONE = {
    "/internal/accounts/first": "the one-time link that the server prints makes the first account",
    "/internal/sign-in/provider": "signing in is a browser's; a program has a token",
    "/internal/feed-keys": "whose key it is that a feed reader sends",
}
"""Between the gateway and a service alone, each with its reason."""


def _paths() -> dict[str, str]:
    """What pages write of addresses that the API does not pass on → the page."""
    found = {}
    for file in PAGES.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/internal"):
                found[node.value] = file.name
    return found


def test_pages_ask_services_nothing_that_programs_cannot() -> None:
    assert _paths().keys() == BROWSERS_ALONE.keys(), "give it a route of the API, or say why it is a browser's alone"
