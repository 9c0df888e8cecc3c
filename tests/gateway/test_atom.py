"""Atom feeds, read by a feed reader's own library: nothing is missed, nothing has two ids, nothing is sent twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.atom import PAGE, Feed, document, is_known, validators

pytestmark = pytest.mark.fast
FEED = Feed(
    "network:n1",
    "Stroke – Tidings",
    "All of it",
    "https://t.example/f",
    "https://t.example/p",
    "https://t.example",
    "T",
)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def item(number: int, headline: str = "") -> dict[str, Any]:
    return {
        "message_id": f"00000000-0000-7000-8000-{number:012d}", "headline": headline or f"Change {number}",
        "time": (BEGAN + timedelta(minutes=number)).isoformat(), "path": f"/networks/x#{number}", "category": "news",
        "network_name": "Stroke",
    }  # fmt: skip


def served(total: int, page: int) -> bytes:
    """What the gateway serves of a feed with so many entries."""
    first = max(0, total - PAGE) if page < 0 else page * PAGE
    items = [item(number) for number in range(first, min(first + PAGE, total))]
    return document(FEED, list(reversed(items)), total, page)


def link(parsed: Any, rel: str) -> str:
    return next((found.href for found in parsed.feed.links if found.rel == rel), "")


def test_feed_reader_reads_it() -> None:
    parsed = feedparser.parse(served(3, -1))
    assert not parsed.bozo and parsed.version == "atom10"
    assert (parsed.feed.title, parsed.feed.author, len(parsed.entries)) == ("Stroke – Tidings", "T", 3)
    entry = parsed.entries[0]
    assert (entry.title, entry.link) == ("Change 2", "https://t.example/networks/x#2")
    assert entry.id.startswith("urn:uuid:") and entry.tags[0].term == "news" and "because" in entry.summary
    assert parsed.feed.updated_parsed == entry.updated_parsed


@settings(deadline=None, max_examples=40)
@given(total=st.integers(0, 400))
def test_going_back_through_the_archive_finds_every_entry_once(total: int) -> None:
    parsed, found, pages = feedparser.parse(served(total, -1)), list[str](), 0
    found += [entry.id for entry in parsed.entries]
    while before := link(parsed, "prev-archive"):
        page = int(before.partition("page=")[2])
        parsed, pages = feedparser.parse(served(total, page)), pages + 1
        assert link(parsed, "current") == FEED.address and "fh_archive" in parsed.feed
        assert bool(link(parsed, "next-archive")) == (pages > 1)
        found += [entry.id for entry in parsed.entries]
    assert set(found) == {f"urn:uuid:{item(number)['message_id']}" for number in range(total)}
    assert pages == total // PAGE


@settings(deadline=None, max_examples=40)
@given(before=st.integers(PAGE, 300), more=st.integers(0, 100))
def test_a_full_page_of_the_archive_keeps_its_entries(before: int, more: int) -> None:
    first, later = feedparser.parse(served(before, 0)), feedparser.parse(served(before + more, 0))
    assert [entry.id for entry in first.entries] == [entry.id for entry in later.entries]


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=50))
def test_no_headline_breaks_the_xml(text: str) -> None:
    parsed = feedparser.parse(document(FEED, [item(1, text)], 1, -1))
    assert not parsed.bozo and len(parsed.entries) == 1


def test_the_id_stays_when_address_and_title_change() -> None:
    moved = replace(FEED, title="Another name", address="https://new.example/f", base="https://new.example")
    ids = {feedparser.parse(document(feed, [], 0, -1)).feed.id for feed in (FEED, moved)}
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({"if-none-match": "{etag}"}, True), ({"if-none-match": 'W/{etag}, "other"'}, True),
        ({"if-none-match": "*"}, True), ({"if-none-match": '"other"'}, False), ({"if-modified-since": "{last}"}, True),
        ({"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"}, False), ({"if-modified-since": "soon"}, False),
        ({"if-none-match": '"other"', "if-modified-since": "{last}"}, False), ({}, False),
    ],
)  # fmt: skip
def test_what_a_reader_has_already_is_not_sent(headers: dict[str, str], known: bool) -> None:
    valid = validators(served(3, -1), [item(2)])
    sent = {n: v.format(etag=valid["etag"], last=valid["last-modified"]) for n, v in headers.items()}
    assert is_known(sent, valid) == known
