"""What people write in Markdown, as HTML that can do no harm.

Invariant: whatever the parser lets through, the sanitiser has the last word; it knows no attribute but a link's
address. Headings, pictures and HTML of the writer's own stay text: they would disturb the page that shows them.
"""

from __future__ import annotations

from typing import Any

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

TAGS = {"p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr"}
_parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(["heading", "lheading", "image"])


def prose(text: Any) -> Markup:
    """*text*, Markdown, as safe HTML."""
    rendered = _parser.render(str(text or ""))
    safe = nh3.clean(
        rendered, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow ugc",
    )  # fmt: skip
    return Markup(safe)  # noqa: S704 (sanitised in the line above)
