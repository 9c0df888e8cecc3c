"""Atom feeds (RFC 4287) with their archive (RFC 5005): what a feed reader, or a program, subscribes to.

The newest entries are the feed; behind it stand pages of PAGE entries counted from the oldest, which, once full, never
change. Whoever was away goes back by `prev-archive` until they meet what they know: nothing is missed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from services.gateway.rendering import moment, words

ATOM, HISTORY = "http://www.w3.org/2005/Atom", "http://purl.org/syndication/history/1.0"
PAGE = 50
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ET.register_namespace("", ATOM)
ET.register_namespace("fh", HISTORY)


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed is of. `key` is what it stays known by, whatever its address and title become."""

    key: str
    title: str
    subtitle: str
    address: str
    page_url: str
    base: str
    author: str


def document(feed: Feed, items: Sequence[Mapping[str, Any]], total: int, page: int) -> bytes:
    """The feed, or (page ≥ 0) a page of its archive."""
    root = ET.Element(f"{{{ATOM}}}feed")
    _add(root, "id", f"urn:uuid:{uuid5(NAMESPACE_URL, f'tidings:{feed.key}')}")
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.subtitle)
    _add(root, "updated", _time(newest(items)))
    _add(_add(root, "author"), "name", feed.author)
    for rel, href in _links(feed, total, page):
        _add(root, "link", rel=rel, href=href, type="text/html" if rel == "alternate" else "application/atom+xml")
    if page >= 0:
        ET.SubElement(root, f"{{{HISTORY}}}archive")
    for item in items:
        _entry(root, feed, item)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _links(feed: Feed, total: int, page: int) -> list[tuple[str, str]]:
    full = total // PAGE
    here = feed.address if page < 0 else _at(feed.address, page)
    found = [("self", here), ("alternate", feed.page_url)]
    if page >= 0:
        found.append(("current", feed.address))
        if page + 1 < full:
            found.append(("next-archive", _at(feed.address, page + 1)))
    before = full - 1 if page < 0 else page - 1
    if before >= 0:
        found.append(("prev-archive", _at(feed.address, before)))
    return found


def _at(address: str, page: int) -> str:
    return f"{address}{'&' if '?' in address else '?'}page={page}"


def _entry(root: ET.Element, feed: Feed, item: Mapping[str, Any]) -> None:
    entry = _add(root, "entry")
    _add(entry, "id", f"urn:uuid:{item['message_id']}")
    _add(entry, "title", item["headline"])
    _add(entry, "updated", _time(moment(item["time"])))
    _add(entry, "published", _time(moment(item["time"])))
    _add(entry, "link", rel="alternate", href=feed.base + item["path"], type="text/html")
    _add(entry, "link", rel="via", href=f"{feed.base}/changes/{item['message_id']}", type="text/html")
    _add(entry, "category", term=item["category"], label=words(item["category"]))
    where = f", {item['network_name']}" if item["network_name"] else ""
    _add(entry, "summary", f"{words(item['category'])}{where}. You get this because you subscribed to “{feed.title}”.")


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = _NOT_XML.sub("", text) or None
    return element


def newest(items: Sequence[Mapping[str, Any]]) -> datetime | None:
    """The time of the newest entry."""
    return max((found for item in items if (found := moment(item["time"]))), default=None)


def _time(found: datetime | None) -> str:
    return (found or datetime.fromtimestamp(0, UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def validators(content: bytes, items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """ETag and Last-Modified of a feed."""
    found = {"etag": f'"{hashlib.sha256(content).hexdigest()[:32]}"'}
    if (last := newest(items)) is not None:
        found["last-modified"] = format_datetime(last.astimezone(UTC).replace(microsecond=0), usegmt=True)
    return found


def is_known(headers: Mapping[str, str], valid: Mapping[str, str]) -> bool:
    """Whether the reader has this very feed already: by its ETag, or, where it sends none, by the time."""
    if (tags := headers.get("if-none-match")) is not None:
        return tags.strip() == "*" or valid["etag"] in {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    try:
        since = parsedate_to_datetime(headers["if-modified-since"])
        return "last-modified" in valid and parsedate_to_datetime(valid["last-modified"]) <= since
    except (KeyError, ValueError, TypeError):
        return False
