"""Scheduling, changing and cancelling a gathering."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.events.access import held_today, require_leads
from services.events.commands.bookings import booked_count, fill_places, held, key_of, locked
from services.events.tables import Booking, Event, Holder, Network, Role
from services.events.wording import at_this_time, list_of, on_this_day
from shared import clock
from shared.announcement import Announcement, Concerns, Significance
from shared.auth import Principal
from shared.boundary import require_revision
from shared.contracts import Contract
from shared.contracts.events import EVENT_CANCELLED, EVENT_CHANGED, EVENT_SCHEDULED, EventState
from shared.envelope import new_id
from shared.errors import Conflict, Unprocessable
from shared.outbox import Change, change, publish

LABELS = {
    "starts_at": "time", "ends_at": "end", "online_url": "online address", "access": "who may come",
    "networks": "networks that hold it",
}  # fmt: skip
MOST_NAMED = 5_000
"""Guests named in one message: what an announcement can hold. Members are told as members, however many."""


class UnknownNetwork(Unprocessable):
    """A network is not on the register, or archived; choose networks from the directory."""


class EndsBeforeStart(Unprocessable):
    """The end must be after the start; change one of the two."""


class InThePast(Unprocessable):
    """The start is in the past; only staff can record a gathering afterwards. Choose a time to come."""


class BelowBooked(Conflict):
    """More places are booked than this capacity has; choose a larger one, or ask people to give their place up."""


class AlreadyCancelled(Conflict):
    """The gathering was cancelled and can no longer be changed; schedule another one."""


async def schedule_event(
    session: AsyncSession, *, fields: dict[str, Any], by: Principal, reason: str = "", minor: bool = False
) -> Event:
    """Schedule a gathering. Raises NotTheirLead, UnknownNetwork, EndsBeforeStart, InThePast."""
    await require_leads(session, by, fields["networks"])
    _require_times(fields["starts_at"], fields["ends_at"], by)
    networks = await require_networks(session, fields["networks"])
    event = Event(id=new_id(), revision=1, status="scheduled", updated_at=clock.now(), **fields)
    session.add(event)
    session.add_all(Holder(network_id=network, event_id=event.id) for network in event.networks)
    await session.flush()
    headline = f"New: {event.title}, {at_this_time(event.starts_at)}"
    told = _announcement(event, networks, headline)
    await publish(session, _said(EVENT_SCHEDULED, event, told, by=by, reason=reason, minor=minor))
    return event


async def change_event(
    session: AsyncSession, *, event_id: str, fields: dict[str, Any], by: Principal,
    expected: int | None = None, reason: str = "", minor: bool = False,
) -> Event:  # fmt: skip
    """Change some fields of a gathering; a larger capacity lets those in who wait. Nothing is recorded when every
    field has the value already.

    Raises NoSuchEvent, ChangedMeanwhile, AlreadyCancelled, and what schedule_event raises.
    """
    event = await locked(session, event_id)
    require_revision(expected, event.revision)
    if event.status == "cancelled":
        raise AlreadyCancelled
    before = state_of(event).model_dump(mode="json")
    changed = [name for name, value in fields.items() if getattr(event, name) != value]
    if not changed:
        return event
    await _require_acceptable(session, event, {name: fields[name] for name in changed}, by)
    for name in changed:
        setattr(event, name, fields[name])
    if "networks" in changed:
        await hold(session, event)
    networks = await require_networks(session, event.networks, known=before["networks"])
    touch(event)
    guests = await _guests(session, event) if {"starts_at", "place", "online_url"} & set(changed) else []
    told = _announcement(event, networks, _change_headline(event, changed), people=guests)
    await publish(session, _said(EVENT_CHANGED, event, told, before=before, by=by, reason=reason, minor=minor))
    if "capacity" in changed:
        await fill_places(session, event, by=by)
    return event


async def cancel_event(
    session: AsyncSession, *, event_id: str, by: Principal, expected: int | None = None, reason: str = "",
    minor: bool = False,
) -> Event:  # fmt: skip
    """Call a gathering off. Its bookings stay, as the record of who was told. Raises NoSuchEvent, AlreadyCancelled."""
    event = await locked(session, event_id)
    require_revision(expected, event.revision)
    if event.status == "cancelled":
        raise AlreadyCancelled
    before = state_of(event).model_dump(mode="json")
    event.status = "cancelled"
    networks = await require_networks(session, event.networks, known=event.networks)
    touch(event)
    headline = f"{event.title} on {on_this_day(event.starts_at)} is cancelled"
    told = _announcement(event, networks, headline, significance="major", people=await _guests(session, event))
    await publish(session, _said(EVENT_CANCELLED, event, told, before=before, by=by, reason=reason, minor=minor))
    return event


async def require_networks(session: AsyncSession, ids: Sequence[str], known: Sequence[str] = ()) -> list[Network]:
    """The networks of those ids. Raises UnknownNetwork, naming them, where one is not there to hold a gathering.

    One in *known* holds it already, and may since have been archived.
    """
    networks = list(await session.scalars(select(Network).where(Network.id.in_(ids)).order_by(Network.name)))
    usable = {network.id for network in networks if not network.archived} | set(known)
    if missing := [network_id for network_id in ids if network_id not in usable]:
        raise UnknownNetwork(
            f"Not on the register: {', '.join(missing)}. Choose networks from the directory.",
            errors=[{"field": "networks", "message": "names a network that is not on the register"}],
        )
    return networks


async def _require_acceptable(session: AsyncSession, event: Event, fields: dict[str, Any], by: Principal) -> None:
    if "networks" in fields:
        await require_leads(session, by, fields["networks"])
    if "starts_at" in fields or "ends_at" in fields:
        started = fields.get("starts_at", event.starts_at)
        _require_times(started, fields.get("ends_at", event.ends_at), by, moved="starts_at" in fields)
    capacity = fields.get("capacity")
    if capacity is not None and capacity < (booked := await booked_count(session, event.id)):
        raise BelowBooked(f"{booked} places are booked; choose a capacity of {booked} or more.", booked=booked)


def _require_times(starts_at: datetime, ends_at: datetime, by: Principal, *, moved: bool = True) -> None:
    if ends_at <= starts_at:
        raise EndsBeforeStart(errors=[{"field": "ends_at", "message": "must be after the start"}])
    if moved and starts_at < clock.now() and not by.is_staff:
        raise InThePast(errors=[{"field": "starts_at", "message": "must be in the future"}])


async def hold(session: AsyncSession, event: Event) -> None:
    """Note which networks hold a gathering."""
    await session.execute(delete(Holder).where(Holder.event_id == event.id))
    session.add_all(Holder(network_id=network, event_id=event.id) for network in event.networks)


async def _guests(session: AsyncSession, event: Event) -> list[str]:
    """Those with a place or in the queue who belong to none of the networks, so would not be told as members."""
    members = select(Role.person_id).where(Role.network_id.in_(event.networks), held_today())
    query = select(Booking.person_id).where(held(event.id), Booking.person_id.not_in(members))
    return list(await session.scalars(query.order_by(Booking.turn).limit(MOST_NAMED)))


def touch(event: Event) -> None:
    """A new revision of the record."""
    event.revision += 1
    event.updated_at = clock.now()


def _change_headline(event: Event, changed: list[str]) -> str:
    if "starts_at" in changed:
        others = [LABELS.get(name, name) for name in changed if name not in {"starts_at", "ends_at"}]
        more = f"; {list_of(others)} changed" if others else ""
        return f"{event.title} moved to {at_this_time(event.starts_at)}{more}"
    if changed == ["place"] and event.place:
        return f"{event.title} is now at {event.place}"
    return f"{event.title}: {list_of([LABELS.get(name, name) for name in changed])} changed"


def _announcement(
    event: Event, networks: Sequence[Network], headline: str, *,
    significance: Significance = "normal", people: Sequence[str] = (),
) -> Announcement:  # fmt: skip
    """Told to the networks, and to the bodies and care groups that are concerned by them."""
    concerns = Concerns(
        networks=tuple(event.networks), people=tuple(people),
        bodies=tuple(dict.fromkeys(body for network in networks for body in network.bodies)),
        care_groups=tuple(dict.fromkeys(network.care_group for network in networks)),
    )  # fmt: skip
    return Announcement(
        headline=headline[:300], category="events", significance=significance, path=f"/events/{event.id}",
        concerns=concerns,
    )  # fmt: skip


def _said(
    contract: Contract, event: Event, told: Announcement, *, by: Principal,
    before: dict[str, Any] | None = None, reason: str = "", minor: bool = False,
) -> Change:  # fmt: skip
    return change(
        contract, state_of(event), key=key_of(event), before=before, announcement=told, actor=by.person_id,
        reason=reason, minor=minor,
    )  # fmt: skip


def state_of(event: Event) -> EventState:
    """The public state of an event's row."""
    return EventState.model_validate(event, from_attributes=True)
