"""A gathering as an iCalendar file (RFC 5545), times in UTC."""

from __future__ import annotations

from datetime import UTC

from services.events.schemas import Event

MEDIA_TYPE = "text/calendar; charset=utf-8"


def calendar_of(event: Event, *, name: str, address: str) -> bytes:
    """The file of one gathering. Its UID stays and its SEQUENCE grows, so that a calendar updates what it has."""
    from icalendar import Calendar  # a fifth of a second, which no start should wait for
    from icalendar import Event as Entry

    entry = Entry()
    entry.add("uid", event.id)
    entry.add("sequence", event.revision - 1)
    entry.add("dtstamp", event.updated_at.astimezone(UTC).replace(microsecond=0))
    entry.add("dtstart", event.starts_at.astimezone(UTC))
    entry.add("dtend", event.ends_at.astimezone(UTC))
    entry.add("summary", event.title)
    entry.add("status", "CANCELLED" if event.status == "cancelled" else "CONFIRMED")
    entry.add("url", address)
    for field, value in (("description", _description(event)), ("location", event.place or event.online_url)):
        if value:
            entry.add(field, value)
    calendar = Calendar()
    calendar.add("prodid", f"-//{name}//events//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(entry)
    content: bytes = calendar.to_ical()
    return content


def _description(event: Event) -> str:
    held_by = ", ".join(network.name for network in event.networks)
    lines = [event.description, f"Held by {held_by}" if held_by else "", event.online_url]
    return "\n\n".join(line for line in lines if line)
