"""What people write in Markdown does what it says on a page, and never more."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.prose import TAGS, prose

pytestmark = pytest.mark.fast
HARMFUL = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](data:text/html,x)",
    '<a href="https://x" onclick="y">z</a>', "![p](https://x/y.png)", "<svg/onload=alert(1)>", "<style>*{}</style>",
    "[a]([x](javascript:alert(1)))",
    "[a]: javascript:alert(1)\n[a]", "<javascript:alert(1)>", "[x](JaVaScRiPt:alert(1))", "[x](\tjavascript:alert(1))",
)  # fmt: skip
PIECES = (*HARMFUL, "<", ">", "&", "'", '"', "\n", "# ", "* ", "1. ", "> ", "`", "[a](", "![a](", ")", "x", "&lt;a&gt;")


class Harmless(HTMLParser):
    """Fails on a tag, an attribute or an address that could do harm."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        assert tag in TAGS
        assert {name for name, _ in attrs} <= {"href", "rel"}
        href = re.sub(r"[\x00-\x20]", "", dict(attrs).get("href") or "")  # as a browser reads it (WHATWG URL)
        scheme = re.match(r"([a-z][a-z0-9+.-]*):", href, re.IGNORECASE)
        assert scheme is None or scheme[1].lower() in {"http", "https", "mailto"}


def test_emphasis_lists_and_links_work_and_headings_stay_text() -> None:
    shown = prose("**41 %** of\n\n1. one\n2. two\n\n[figures](https://audit.example)\n\n# Not a heading")
    assert "<strong>41 %</strong>" in shown and "<li>one</li>" in shown
    assert '<a href="https://audit.example" rel="noopener noreferrer nofollow ugc">figures</a>' in shown
    assert "<h1" not in shown and "# Not a heading" in shown


@pytest.mark.parametrize("text", HARMFUL)
def test_nothing_runs_loads_or_styles(text: str) -> None:
    Harmless().feed(str(prose(text)))


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_whatever_is_written_only_harmless_tags_come_out(text: str) -> None:
    Harmless().feed(str(prose(text)))
