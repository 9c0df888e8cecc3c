"""What programs subscribe to: webhooks are added, changed, given a new secret, and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.delivery.webhooks.signing import MOST_AT_ONCE, new_secret, rotated, secret_of
from services.notifications.matching import LISTS, filed_under, picker_of
from services.notifications.sight import TEAM, require_reading
from services.notifications.tables import (
    networks,
    subscription_keys,
    subscriptions,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
)
from shared import clock
from shared.announcement import Announcement, Concerns
from shared.auth import Principal
from shared.boundary import require_revision
from shared.config import Settings
from shared.contracts import Contract
from shared.contracts.notifications import (
    SUBSCRIPTION_ADDED,
    SUBSCRIPTION_CHANGED,
    SUBSCRIPTION_DISABLED,
    SUBSCRIPTION_REMOVED,
    SubscriptionState,
)
from shared.envelope import new_id
from shared.errors import Conflict, Forbidden, NotFound, Unprocessable
from shared.outbox import change, publish
from shared.outside.addresses import Doors, NotAllowed, target_of

MOST_OF_A_PERSON, MOST_OF_THE_TEAM = 25, 2_000
Row = Mapping[str, Any]


class NoSuchSubscription(NotFound):
    """There is no webhook at this address; it may have been removed."""


class TooManySubscriptions(Conflict):
    """There are as many webhooks as there may be; remove one that is no longer used, or let one pick more."""


class NotOfTheTeam(Forbidden):
    """Only staff can add a webhook that belongs to the staff."""


class TooManySecrets(Conflict):
    """Three secrets sign at the moment; wait until the oldest ends, or end the older ones at once (an overlap of 0)."""


class UnknownNetwork(Unprocessable):
    """One of the networks is not on the register."""

    def __init__(self, network_id: str) -> None:
        """*network_id* is the first that is not known."""
        message = f"there is no network {network_id[:60]!r}; search the directory for its name"
        super().__init__("A network is not on the register.", errors=[{"field": "networks", "message": message}])


class NotSecure(Unprocessable):
    """The full form may carry names, so its address must begin with https://; or choose the signal form."""

    def __init__(self) -> None:
        """Names the field."""
        message = "must begin with https:// for the full form, because it may carry names; or choose the signal form"
        super().__init__(None, errors=[{"field": "url", "message": message}])


class MustNotBeCalled(Unprocessable):
    """The address leads to where nothing may be sent."""

    def __init__(self, reason: str) -> None:
        """*reason* says why."""
        super().__init__(reason, errors=[{"field": "url", "message": reason}])


# Adding and changing


async def add_subscription(
    session: AsyncSession, settings: Settings, *, fields: dict[str, Any], by: Principal, for_team: bool = False,
    reason: str = "",
) -> tuple[str, str]:  # fmt: skip
    """Add a webhook; returns its id and its secret, which nobody can see again.

    Raises LeadsOut, TooManySubscriptions, NotOfTheTeam, UnknownNetwork, WrongUrl, NotSecure, MustNotBeCalled.
    """
    require_reading(by)
    if for_team and not by.is_staff:
        raise NotOfTheTeam
    owner_id = TEAM if for_team else by.person_id
    await _require_room(session, owner_id)
    await _check(session, settings, fields)
    moment, identity = clock.now(), new_id()
    row = {
        "id": identity, "revision": 1, "owner_id": owner_id, "secrets": [new_secret(moment)], "status": "active",
        "status_reason": "", "status_at": moment, "created_at": moment, "updated_at": moment, **fields,
    }  # fmt: skip
    await session.execute(insert(subscriptions), row)
    await session.execute(
        insert(webhook_endpoints), {"subscription_id": identity, "holder": "", "pace": "new", "failures": 0}
    )
    await file_anew(session, row)
    await _say(session, SUBSCRIPTION_ADDED, row, by=by, reason=reason)
    return identity, secret_of(settings.services_key, identity, row["secrets"][0]["salt"])


async def change_subscription(
    session: AsyncSession, settings: Settings, *, subscription_id: str, fields: dict[str, Any], by: Principal,
    expected: int | None = None, reason: str = "",
) -> None:  # fmt: skip
    """Change some fields. A new address begins with a clean record. Raises as `add_subscription`."""
    require_reading(by)
    row = await locked(session, subscription_id)
    require_revision(expected, row["revision"])
    await _check(session, settings, {**row, **fields})
    fields = {name: value for name, value in fields.items() if row[name] != value}
    if not fields:
        return
    if "url" in fields:
        fresh = {"pace": "new", "failures": 0, "failing_since": None, "paused_until": None}
        mine = webhook_endpoints.c.subscription_id == subscription_id
        await session.execute(update(webhook_endpoints).where(mine).values(fresh))
    await changed(session, row, by=by, reason=reason, **fields)
    if fields.keys() & set(LISTS):
        await file_anew(session, {**row, **fields})


async def rotate_secret(
    session: AsyncSession, settings: Settings, *, subscription_id: str, overlap: timedelta, by: Principal,
    reason: str = "",
) -> str:  # fmt: skip
    """Make a new secret and return it; the others go on signing for *overlap*. Raises LeadsOut, TooManySecrets."""
    require_reading(by)
    row = await locked(session, subscription_id)
    kept = rotated(row["secrets"], clock.now(), overlap)
    if len(kept) > MOST_AT_ONCE:
        raise TooManySecrets
    await changed(session, row, by=by, reason=reason or "A new secret was made.", secrets=kept)
    return secret_of(settings.services_key, subscription_id, kept[0]["salt"])


async def remove_subscription(session: AsyncSession, *, subscription_id: str, by: Principal, reason: str = "") -> None:
    """Remove a webhook with its log."""
    row = await locked(session, subscription_id)
    await forget_subscriptions(session, [subscription_id])
    await _say(
        session, SUBSCRIPTION_REMOVED, {**row, "revision": row["revision"] + 1}, before=row, by=by, reason=reason
    )


async def forget_subscriptions(session: AsyncSession, ids: Sequence[str]) -> None:
    """Delete all rows of these subscriptions."""
    theirs = select(webhook_deliveries.c.number).where(webhook_deliveries.c.subscription_id.in_(ids))
    await session.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery.in_(theirs)))
    for table in (webhook_deliveries, webhook_endpoints, subscription_keys):
        await session.execute(delete(table).where(table.c.subscription_id.in_(ids)))
    await session.execute(delete(subscriptions).where(subscriptions.c.id.in_(ids)))


# What all of them do


async def locked(session: AsyncSession, subscription_id: str) -> Row:
    """The subscription, its row locked until the transaction ends. Raises NoSuchSubscription."""
    query = select(subscriptions).where(subscriptions.c.id == subscription_id).with_for_update()
    row = (await session.execute(query)).mappings().first()
    if row is None:
        raise NoSuchSubscription
    return dict(row)


async def _check(session: AsyncSession, settings: Settings, fields: Row) -> None:
    target = target_of(fields["url"])
    doors, literal = Doors(settings.webhook_allow), _literal(target.host)
    if literal is not None:
        try:
            doors.require_open(target, literal)
        except NotAllowed as error:
            raise MustNotBeCalled(str(error)) from None
    inside = literal is not None and doors.is_allowed(literal)
    if fields["form"] == "full" and target.scheme != "https" and not inside:
        raise NotSecure
    known = set((await session.execute(select(networks.c.id).where(networks.c.id.in_(fields["networks"])))).scalars())
    for network_id in fields["networks"]:
        if network_id not in known:
            raise UnknownNetwork(network_id)


def _literal(host: str) -> Any:
    try:
        return ip_address(host)
    except ValueError:
        return None


async def _require_room(session: AsyncSession, owner_id: str) -> None:
    query = select(func.count()).where(subscriptions.c.owner_id == owner_id)
    most = MOST_OF_THE_TEAM if owner_id == TEAM else MOST_OF_A_PERSON
    if (await session.execute(query)).scalar_one() >= most:
        raise TooManySubscriptions(f"There are {most} webhooks already; remove one that is no longer used.")


async def file_anew(session: AsyncSession, row: Row) -> None:
    """Let a subscription be found by what its picker names now."""
    await session.execute(delete(subscription_keys).where(subscription_keys.c.subscription_id == row["id"]))
    keys = [{"key": key, "subscription_id": row["id"]} for key in filed_under(picker_of(row))]
    await session.execute(insert(subscription_keys), keys)


async def changed(
    session: AsyncSession, row: Row, contract: Contract = SUBSCRIPTION_CHANGED, *, by: Principal, reason: str,
    **values: Any,
) -> Row:  # fmt: skip
    """Set *values*, record and say it; returns the row as it is now. The caller holds its lock."""
    values |= {"revision": row["revision"] + 1, "updated_at": clock.now()}
    await session.execute(update(subscriptions).where(subscriptions.c.id == row["id"]).values(values))
    present = {**row, **values}
    await _say(session, contract, present, before=row, by=by, reason=reason)
    return present


async def _say(
    session: AsyncSession, contract: Contract, row: Row, *, by: Principal, reason: str, before: Row | None = None
) -> None:
    """Recorded always; told only where the system, not a person, switched it off."""
    told = _told(row) if contract is SUBSCRIPTION_DISABLED else None
    earlier = state_of(before).model_dump(mode="json") if before else None
    await publish(
        session,
        change(
            contract, state_of(row), key=row["id"], before=earlier, announcement=told, actor=by.person_id,
            reason=reason, minor=told is None,
        ),
    )  # fmt: skip


def _told(row: Row) -> Announcement:
    team = row["owner_id"] == TEAM
    concerns = Concerns(staff=True) if team else Concerns(people=(row["owner_id"],))
    return Announcement(
        headline=f"Webhook “{row['name']}” was switched off: nothing arrives at {target_of(row['url']).host}"[:300],
        category="governance", significance="major", path=f"/subscriptions/{row['id']}", concerns=concerns,
    )  # fmt: skip


def state_of(row: Row) -> SubscriptionState:
    """The state that is published: of the address its host alone, because the rest may be a secret of the receiver."""
    values = {name: row[name] for name in SubscriptionState.model_fields if name != "host"}
    return SubscriptionState(**values, host=target_of(row["url"]).host)
