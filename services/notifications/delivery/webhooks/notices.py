"""The mail that tells the owner of a webhook that it was switched off, and how to bring it back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.letters.stationery import Frame, Recipient, Stationery, encoded, letter, mailbox
from services.notifications.sight import TEAM
from services.notifications.tables import audience_members, deliveries, people, subscriptions, suppressions
from shared import clock

KIND = "webhook"
"""Of the mail's delivery; its `thing` is the subscription's id and revision."""


async def order_notices(session: AsyncSession, subscription: Mapping[str, Any]) -> None:
    """Order a mail to the owner; of the team's webhook, to all staff."""
    members = audience_members.c
    team = select(members.person_id).where(members.audience == "staff", members.active)
    whom = people.c.id.in_(team) if subscription["owner_id"] == TEAM else people.c.id == subscription["owner_id"]
    takes_mail = func.lower(people.c.email).not_in(select(suppressions.c.address))
    query = select(people.c.id).where(whom, people.c.email != "", takes_mail)
    row = {
        "kind": KIND, "thing": f"{subscription['id']}.{subscription['revision']}", "state": "pending", "attempts": 0,
        "next_at": clock.now(), "holder": "", "repeated": False, "reason": "",
    }  # fmt: skip
    rows = [{**row, "reader_id": person_id} for person_id in (await session.execute(query)).scalars()]
    if rows:
        await session.execute(insert(deliveries), rows)


class Notice:
    """Makes the mail for one subscription that was switched off."""

    def __init__(self, stationery: Stationery, thing: str, subscription: Mapping[str, Any]) -> None:
        """*thing* names the delivery."""
        self._stationery, self._thing, self._id = stationery, thing, subscription["id"]
        subject = f"Webhook switched off: {subscription['name']}"
        self._head = stationery.head(subject=subject, date=subscription["status_at"], kind=KIND)
        values = {"webhook": subscription, "url": stationery.url, "name": stationery.name}
        self._text, self._html = Frame("webhook.txt", **values), Frame("webhook.html", **values)

    def mail(self, reader: Recipient, _audiences: Iterable[str] = (), _muted: Collection[str] = ()) -> bytes:
        """The finished mail of one reader. Raises NotAnAddress."""
        stop_url = self._stationery.stop_url("subscription", self._id)
        choices = self._stationery.passes.url(reader.id)
        return letter(
            self._head, to=mailbox(reader.name, reader.address),
            mail_id=self._stationery.mail_id(self._thing, reader.id), stop_url=stop_url,
            text=self._text.filled({"stop": encoded(f"{stop_url}\n"), "choices": encoded(f"{choices}\n")}),
            html=self._html.filled({"stop": encoded(stop_url), "choices": encoded(choices)}),
        )  # fmt: skip


async def notice(session: AsyncSession, stationery: Stationery, thing: str) -> Notice:
    """The notice that *thing* names; of a subscription that was removed meanwhile, one that says so."""
    identity = thing.partition(".")[0]
    row = (await session.execute(select(subscriptions).where(subscriptions.c.id == identity))).mappings().first()
    gone = {"id": identity, "name": "removed", "status_reason": "It was removed meanwhile.", "status_at": clock.now()}
    return Notice(stationery, thing, dict(row) if row else gone)
