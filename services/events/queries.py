"""Reading gatherings and bookings."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import orjson
from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.events import schemas
from services.events.commands.bookings import NoSuchEvent, held
from services.events.tables import Booking, Cover, Event, Holder, Network, Person
from shared.db import is_among, listed, total_of
from shared.errors import BadRequest
from shared.made import Made

FORMER = "A former member"


class WrongCursor(BadRequest):
    """The cursor is not one of ours; begin again without it."""


async def event_at(session: AsyncSession, event_id: str) -> Event:
    """The gathering of that id. Raises NoSuchEvent."""
    event = await session.get(Event, event_id)
    if event is None:
        raise NoSuchEvent
    return event


def matching(
    *, q: str = "", network: str = "", sha: str = "", start: date | None = None, end: date | None = None
) -> list[ColumnElement[bool]]:
    """The conditions of a search: every word of *q*, the network, the body, and the days it touches."""
    texts = (Event.title, Event.description)
    conditions = [or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in q.split()]
    if network:
        conditions.append(Event.id.in_(select(Holder.event_id).where(Holder.network_id == network)))
    if sha:
        covering = select(Holder.event_id).join(Cover, Cover.network_id == Holder.network_id)
        conditions.append(Event.id.in_(covering.where(Cover.body == sha)))
    if start:
        conditions.append(Event.ends_at >= datetime.combine(start, time.min, UTC))
    if end:
        conditions.append(Event.starts_at < datetime.combine(end, time.min, UTC) + timedelta(days=1))
    return conditions


async def events_page(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, limit: int, cursor: str | None
) -> tuple[list[Event], str | None, int]:
    """A page of gatherings, the earliest first: (gatherings, the next cursor, how many match in all)."""
    query = select(Event).where(*conditions).order_by(Event.starts_at, Event.id).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(Event.starts_at, Event.id) > _position(cursor))
    found = list(await session.scalars(query))
    total = await total_of(session, Event, conditions, found, limit=limit, first=not cursor)
    return found[:limit], _cursor(found[limit - 1]) if len(found) > limit else None, total


def _cursor(event: Event) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([event.starts_at, event.id])).decode()


def _position(cursor: str) -> tuple[datetime, str]:
    try:
        starts_at, identity = orjson.loads(base64.urlsafe_b64decode(cursor))
        return datetime.fromisoformat(starts_at), str(identity)
    except (binascii.Error, ValueError, TypeError):
        raise WrongCursor from None


async def shown(session: AsyncSession, events: Sequence[Event]) -> list[schemas.Event]:
    """Gatherings as the API shows them to everybody: who may not come does not learn where to dial in."""
    if not events:
        return []
    counts = await _counts(session, [event.id for event in events])
    names = await _networks(session, {network for event in events for network in event.networks})
    return [
        schemas.Event(
            id=event.id, revision=event.revision, title=event.title, kind=event.kind, description=event.description,
            networks=[names[network] for network in event.networks if network in names],
            starts_at=event.starts_at, ends_at=event.ends_at, place=event.place,
            online_url=event.online_url if event.access == "open" else "", access=event.access,
            capacity=event.capacity, booked=counts[event.id, "booked"], waiting=counts[event.id, "waiting"],
            status=event.status, updated_at=event.updated_at,
        )
        for event in events
    ]  # fmt: skip


def _counted(dialect: str) -> Select[str, str, int]:
    booking = Booking.__table__.c
    query = select(booking.event_id, booking.status, func.count().label("many"))
    return query.where(is_among(dialect, booking.event_id, "events")).group_by(booking.event_id, booking.status)


def _called(dialect: str) -> Select[str, str, str]:
    network = Network.__table__.c
    return select(network.id, network.name, network.slug).where(is_among(dialect, network.id, "networks"))


_COUNTED, _CALLED = Made(_counted), Made(_called)
"""Made once: every page that shows a gathering asks them."""


async def _counts(session: AsyncSession, event_ids: Sequence[str]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    asked = {"events": listed(session, event_ids)}
    for event_id, status, count in await _COUNTED.rows(session, asked):
        counts[event_id, status] = count
    return counts


async def _networks(session: AsyncSession, ids: set[str]) -> dict[str, schemas.NetworkName]:
    rows = await _CALLED.rows(session, {"networks": listed(session, ids)})
    return {row.id: schemas.NetworkName(id=row.id, name=row.name, slug=row.slug) for row in rows}


def bookings_held(event_id: str) -> Select[Booking, Event, str]:
    """The bookings of a gathering with the names of the people, in the order in which they asked."""
    return _bookings().where(held(event_id)).order_by(Booking.turn)


def bookings_of(person_id: str) -> Select[Booking, Event, str]:
    """The places and turns of a person, the latest gathering first."""
    holding = Booking.status.in_(("booked", "waiting"))
    return _bookings().where(Booking.person_id == person_id, holding).order_by(Event.starts_at.desc(), Event.id)


def _bookings() -> Select[Booking, Event, str]:
    joined = select(Booking, Event, Person.name).join(Event, Event.id == Booking.event_id)
    return joined.outerjoin(Person, Person.id == Booking.person_id)


async def page_of(
    session: AsyncSession, query: Select[Booking, Event, str], *, limit: int, cursor: str | None
) -> tuple[list[schemas.MyBooking], str | None, int]:
    """A page of bookings; the cursor says how many were shown before."""
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise WrongCursor
    skipped = int(cursor or 0)
    total = (await session.execute(select(func.count()).select_from(query.order_by(None).subquery()))).scalar_one()
    rows = (await session.execute(query.limit(limit).offset(skipped))).all()
    following = str(skipped + limit) if skipped + limit < total else None
    return [_booking(*row) for row in rows], following, total


def _booking(booking: Booking, event: Event, name: str | None) -> schemas.MyBooking:
    return schemas.MyBooking(
        id=booking.id, revision=booking.revision, event_id=event.id, person_id=booking.person_id, name=name or FORMER,
        status=booking.status, made_at=booking.made_at, title=event.title, starts_at=event.starts_at,
        ends_at=event.ends_at, place=event.place, event_status=event.status,
    )  # fmt: skip


async def name_of(session: AsyncSession, person_id: str) -> str:
    """A person's name."""
    return (await session.execute(select(Person.name).where(Person.id == person_id))).scalar_one_or_none() or FORMER
