"""Browsers that ask for notifications, and that do so no more."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.audience import changed
from services.notifications.commands.preferences import settle
from services.notifications.delivery.pushes.sealing import decoded
from services.notifications.tables import browsers, pushes
from shared import clock
from shared.auth import Principal
from shared.db import upsert
from shared.envelope import new_id
from shared.errors import NotFound, Unprocessable
from shared.outside.addresses import Doors, target_of

MOST_BROWSERS = 20
AUTH_BYTES = 16


class NoSuchBrowser(NotFound):
    """No browser of yours with this id is sent notifications; it may have been removed because it was gone."""


class NotABrowser(Unprocessable):
    """This is not what a browser gives when it allows notifications; allow them anew."""


async def add_browser(session: AsyncSession, *, fields: dict[str, Any], doors: Doors, by: Principal) -> str:
    """Send notifications to a browser from now on; returns its id. Who asked last with it is told there."""
    endpoint, keys = fields["endpoint"], fields["keys"]
    _require_sound(endpoint, keys, doors)
    await changed(session, [by.person_id])
    insert = upsert(session, browsers)
    new = insert.excluded
    values = {"person_id": new.person_id, "p256dh": new.p256dh, "auth": new.auth, "made_at": new.made_at}
    row = {"id": new_id(), "person_id": by.person_id, "endpoint": endpoint, "made_at": clock.now(), **keys}
    statement = insert.on_conflict_do_update(index_elements=[browsers.c.endpoint], set_=values)
    browser_id = (await session.execute(statement.values(row).returning(browsers.c.id))).scalar_one()
    await _drop_oldest(session, by.person_id)
    await settle(session, by.person_id)
    return str(browser_id)


async def remove_browser(session: AsyncSession, *, browser_id: str, by: Principal) -> None:
    """Send it no notifications any more. Raises NoSuchBrowser."""
    mine = browsers.c.id == browser_id, browsers.c.person_id == by.person_id
    if (await session.execute(select(browsers.c.id).where(*mine))).first() is None:
        raise NoSuchBrowser
    await forget_browser(session, browser_id, person_id=by.person_id)


async def forget_browser(session: AsyncSession, browser_id: str, *, person_id: str) -> None:
    """A browser is gone: with it goes what waits for it."""
    await changed(session, [person_id])
    await session.execute(delete(pushes).where(pushes.c.browser_id == browser_id))
    await session.execute(delete(browsers).where(browsers.c.id == browser_id))
    await settle(session, person_id)


async def _drop_oldest(session: AsyncSession, person_id: str) -> None:
    newest = select(browsers.c.id).where(browsers.c.person_id == person_id).order_by(browsers.c.made_at.desc())
    for browser_id in (await session.execute(newest.offset(MOST_BROWSERS))).scalars().all():
        await forget_browser(session, browser_id, person_id=person_id)


def _require_sound(endpoint: str, keys: dict[str, str], doors: Doors) -> None:
    target = target_of(endpoint)
    if target.scheme != "https" and not _is_allowed(target.host, doors):
        raise NotABrowser("A push service's address begins with https://; allow notifications anew.")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(keys["p256dh"]))
        if len(decoded(keys["auth"])) != AUTH_BYTES:
            raise NotABrowser
    except ValueError:
        raise NotABrowser from None


def _is_allowed(host: str, doors: Doors) -> bool:
    try:
        return doors.is_allowed(ip_address(host))
    except ValueError:
        return False
