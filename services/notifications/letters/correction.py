"""The mail that corrects what an issue said, shown by mail programs beside that issue."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.headlines import filled, names_in
from services.notifications.letters.stationery import Frame, Recipient, Stationery, encoded, letter, mailbox
from services.notifications.tables import corrections, issue_items, issues


class CorrectionLetter:
    """Makes it for one reader after another."""

    def __init__(self, stationery: Stationery, correction: Mapping[str, Any]) -> None:
        """*correction* has the issue's title and number, what was said, and what is right."""
        self._stationery, self._thing, self._issue = stationery, correction["id"], correction["issue_id"]
        self._head = stationery.head(
            subject=f"Correction: {correction['title']}", date=correction["at"], kind="newsletter"
        )
        values = {"correction": correction, "url": stationery.url, "name": stationery.name}
        self._text, self._html = Frame("correction.txt", **values), Frame("correction.html", **values)

    def mail(self, reader: Recipient, _audiences: Iterable[str] = (), _muted: Collection[str] = ()) -> bytes:
        """The finished mail. Raises NotAnAddress."""
        stop_url = self._stationery.stop_url("newsletter", reader.id)
        return letter(
            self._head, to=mailbox(reader.name, reader.address),
            mail_id=self._stationery.mail_id(self._thing, reader.id), stop_url=stop_url,
            text=self._text.filled({"stop": encoded(f"{stop_url}\n")}),
            html=self._html.filled({"stop": encoded(stop_url)}),
            answers=self._stationery.mail_id(self._issue, reader.id),
        )  # fmt: skip


async def correction_letter(session: AsyncSession, stationery: Stationery, thing: str) -> CorrectionLetter:
    """The letter that *thing* names."""
    query = (
        select(
            corrections,
            issues.c.title,
            issues.c.number,
            issue_items.c.own_headline,
            issue_items.c.headline.label("told"),
        )
        .join(issues, issues.c.id == corrections.c.issue_id)
        .join(issue_items, issue_items.c.id == corrections.c.item_id)
        .where(corrections.c.id == thing)
    )
    row = (await session.execute(query)).mappings().one()
    people = await names_in(session, [row["told"], row["text"]])
    said = row["own_headline"] or filled(row["told"], people)
    return CorrectionLetter(stationery, {**row, "said": said, "text": filled(row["text"], people)})
