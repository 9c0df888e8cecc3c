"""Formats: the bytes in which streams of each sort say what there is, made once for all who are told alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from services.gateway.edge import Edge
from services.gateway.streams.wires import Format, Telling, Wire


def alert_json(wire: Wire, telling: Telling) -> bytes:
    """An alert for programs, as it stands in the inbox."""
    item = {**wire.item, **telling.fields(wire.reasons)}
    return b"id: %b\nevent: alert\ndata: %b\n\n" % (wire.id.encode(), orjson.dumps(item))


def count_only(wire: Wire, telling: Telling) -> bytes:
    """For pages that show only how many alerts are unread: that there is one more, and where."""
    return b"" if telling.is_read else b"id: %b\nevent: more\ndata: %d\n\n" % (wire.id.encode(), wire.offset)


def state_event(found: Mapping[str, Any], marks: Mapping[str, Any] | None) -> bytes:
    """How a reader's inbox stands: counted at a position and a revision, and what was marked to come there."""
    names = ("unread", "total", "position", "revision")
    return b"event: state\ndata: %b\n\n" % orjson.dumps({**{n: found[n] for n in names}, "marks": marks})


def feed_json(wire: Wire, _telling: Telling) -> bytes:
    """A feed item for programs."""
    return b"id: %b\nevent: feed\ndata: %b\n\n" % (wire.id.encode(), orjson.dumps(wire.item))


def html_format(edge: Edge, template: str) -> Format:
    """A format that renders *template*: for pages, unnamed, so that htmx puts it where it belongs."""
    compiled = edge.renderer.template(template)

    def shown(wire: Wire, telling: Telling) -> bytes:
        item = {**wire.item, **telling.fields(wire.reasons)} if wire.reasons else wire.item
        html = compiled.render(item=item, live=True)
        lines = "\n".join(f"data: {line.strip()}" for line in html.splitlines() if line.strip())
        return f"id: {wire.id}\n{lines}\n\n".encode()

    return shown
