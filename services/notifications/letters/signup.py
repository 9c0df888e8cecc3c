"""The mail that asks whether somebody really wants the newsletter."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands.readers import KIND
from services.notifications.confirmations import DAYS
from services.notifications.letters.stationery import Frame, Recipient, Stationery, encoded, letter, mailbox
from shared import clock


class SignUpLetter:
    """Makes it for one reader."""

    def __init__(self, stationery: Stationery, thing: str) -> None:
        """*thing* names the delivery."""
        self._stationery, self._thing = stationery, thing
        self._head = stationery.head(subject="Confirm the newsletter", date=clock.now(), kind=KIND)
        values = {"name": stationery.name, "days": DAYS}
        self._text, self._html = Frame("signup.txt", **values), Frame("signup.html", **values)

    def mail(self, reader: Recipient, _audiences: Iterable[str] = (), _muted: Collection[str] = ()) -> bytes:
        """The finished mail. Raises NotAnAddress."""
        stop_url = self._stationery.stop_url("newsletter", reader.id)
        confirm_url = self._stationery.confirmations.url(reader.id)
        return letter(
            self._head, to=mailbox(reader.name, reader.address),
            mail_id=self._stationery.mail_id(self._thing, reader.id), stop_url=stop_url,
            text=self._text.filled({"confirm": encoded(f"{confirm_url}\n"), "stop": encoded(f"{stop_url}\n")}),
            html=self._html.filled({"confirm": encoded(confirm_url), "stop": encoded(stop_url)}),
        )  # fmt: skip


async def signup_letter(_session: AsyncSession, stationery: Stationery, thing: str) -> SignUpLetter:
    """The letter that *thing* names."""
    return SignUpLetter(stationery, thing)
