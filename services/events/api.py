"""The routes of gatherings and bookings: parse, authorise, call one command or query."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.events import queries
from services.events.access import event_leads, may_come, some_lead
from services.events.calendar import MEDIA_TYPE, calendar_of
from services.events.commands import bookings, events
from services.events.schemas import Booking, Event, EventFields, MyBooking, NewBooking, NewEvent
from services.events.tables import Booking as BookingRow
from services.events.tables import Event as EventRow
from shared.auth import Principal, Session, anyone, may, signed_in
from shared.boundary import ChangeBody, IfMatch, Router, etag
from shared.declared import gives_file
from shared.fields import Page

router = Router(tags=["events"])
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("/events")
async def list_events(
    session: Session, network: str = "", sha: str = "", q: Annotated[str, Query(max_length=200)] = "",
    start: Annotated[date | None, Query(alias="from")] = None, end: Annotated[date | None, Query(alias="to")] = None,
    limit: Limit = 25, cursor: Cursor = None, _by: Principal = may(anyone, "events:read"),
) -> Page[Event]:  # fmt: skip
    """Gatherings, the earliest first; `from` and `to` are days."""
    conditions = queries.matching(q=q, network=network, sha=sha, start=start, end=end)
    found, following, total = await queries.events_page(session, conditions, limit=limit, cursor=cursor)
    return Page(items=await queries.shown(session, found), next=following, total=total)


@router.post("/events", status_code=201)
async def schedule_event(
    body: NewEvent, session: Session, response: Response, by: Principal = may(some_lead, "events:write")
) -> Event:
    """Schedule a gathering of one or several networks."""
    fields = body.model_dump(exclude={"reason", "minor"})
    event = await events.schedule_event(session, fields=fields, by=by, reason=body.reason, minor=body.minor)
    response.headers["location"] = f"/api/events/{event.id}"
    return await _shown(session, event, by, response)


@router.get("/events/{event_id}")
async def get_event(
    event_id: str, session: Session, response: Response, by: Principal = may(anyone, "events:read")
) -> Event:
    """One gathering."""
    return await _shown(session, await queries.event_at(session, event_id), by, response)


@router.patch("/events/{event_id}")
async def change_event(
    event_id: str, body: EventFields, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(event_leads, "events:write"),
) -> Event:  # fmt: skip
    """Change some fields of a gathering. A capacity of null is no limit."""
    fields = {name: value for name, value in body.fields().items() if value is not None or name == "capacity"}
    event = await events.change_event(
        session, event_id=event_id, fields=fields, by=by, expected=expected, reason=body.reason, minor=body.minor
    )
    return await _shown(session, event, by, response)


@router.post("/events/{event_id}/cancel")
async def cancel_event(
    event_id: str, body: ChangeBody, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(event_leads, "events:write"),
) -> Event:  # fmt: skip
    """Call a gathering off."""
    event = await events.cancel_event(
        session, event_id=event_id, by=by, expected=expected, reason=body.reason, minor=body.minor
    )
    return await _shown(session, event, by, response)


@router.get("/events/{event_id}/calendar.ics", response_class=Response, responses=gives_file(MEDIA_TYPE))
async def get_calendar(
    event_id: str, request: Request, session: Session, by: Principal = may(anyone, "events:read")
) -> Response:
    """A gathering as an iCalendar file."""
    event = await _shown(session, await queries.event_at(session, event_id), by)
    settings = request.app.state.parts.settings
    content = calendar_of(event, name=settings.name, address=f"{settings.public_url}/events/{event.id}")
    headers = {"content-disposition": f'attachment; filename="{event.id}.ics"'}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


@router.post("/events/{event_id}/bookings", status_code=201)
async def book_place(
    event_id: str, body: NewBooking, session: Session, by: Principal = may(signed_in, "events:write")
) -> Booking:
    """Book a place for yourself, or wait for one."""
    booking = await bookings.book_place(
        session, event_id=event_id, by=by, waiting_list=body.waiting_list, reason=body.reason
    )
    return await _booking(session, booking)


@router.delete("/events/{event_id}/bookings/mine")
async def give_up_place(event_id: str, session: Session, by: Principal = may(signed_in, "events:write")) -> Booking:
    """Give up your place, or your turn in the queue."""
    return await _booking(session, await bookings.give_up_place(session, event_id=event_id, by=by))


@router.get("/events/{event_id}/bookings")
async def list_bookings(
    event_id: str, session: Session, limit: Limit = 100, cursor: Cursor = None,
    _by: Principal = may(event_leads, "events:read"),
) -> Page[MyBooking]:  # fmt: skip
    """Who has a place and who waits, in the order in which they asked."""
    await queries.event_at(session, event_id)
    query = queries.bookings_held(event_id)
    items, following, total = await queries.page_of(session, query, limit=limit, cursor=cursor)
    return Page(items=items, next=following, total=total)


@router.get("/bookings")
async def list_my_bookings(
    session: Session, limit: Limit = 25, cursor: Cursor = None, by: Principal = may(signed_in, "events:read")
) -> Page[MyBooking]:
    """Your places and your turns in queues, the latest gathering first."""
    query = queries.bookings_of(by.person_id)
    items, following, total = await queries.page_of(session, query, limit=limit, cursor=cursor)
    return Page(items=items, next=following, total=total)


async def _shown(session: AsyncSession, event: EventRow, by: Principal, response: Response | None = None) -> Event:
    """A gathering as *by* may see it."""
    (shown,) = await queries.shown(session, [event])
    if await may_come(session, by, event):
        shown.online_url = event.online_url
    booking = await bookings.booking_of(session, event.id, by.person_id) if by.signed_in else None
    shown.my_booking = booking.status if booking else None
    if response is not None:
        etag(response, event.revision)
    return shown


async def _booking(session: AsyncSession, booking: BookingRow) -> Booking:
    return Booking(
        id=booking.id, revision=booking.revision, event_id=booking.event_id, person_id=booking.person_id,
        name=await queries.name_of(session, booking.person_id), status=booking.status, made_at=booking.made_at,
    )  # fmt: skip
