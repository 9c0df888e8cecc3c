"""The mail of one summary: what one reader was told in a day, or while it was quiet for them, by network."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import head, network_names, shown
from services.notifications.audience import Best, reach, sentence
from services.notifications.headlines import names_in
from services.notifications.letters.stationery import Frame, Recipient, Stationery, letter, mailbox
from services.notifications.summaries import BY_DAILY, KIND
from services.notifications.tables import alerts, summary_items
from shared import clock
from shared.db import among

LONGEST = 100
"""Changes in one mail; of more there is the number, and the inbox has them."""


class SummaryLetter:
    """Makes the mail of one summary."""

    def __init__(self, stationery: Stationery, thing: str, items: Sequence[Mapping[str, Any]], *, daily: bool) -> None:
        """*items* are alerts as their reader sees them, newest first."""
        self._stationery, self._thing, self._items, self._daily = stationery, thing, items, daily

    def mail(self, reader: Recipient, _audiences: Iterable[str] = (), _muted: Collection[str] = ()) -> bytes:
        """The finished mail. Raises NotAnAddress."""
        paper = self._stationery
        stop_url = paper.stop_url(KIND, reader.id)
        title = _title(self._items, daily=self._daily)
        values = {
            "title": title, "groups": _by_network(self._items[:LONGEST]),
            "more": max(0, len(self._items) - LONGEST), "daily": self._daily, "url": paper.url, "service": paper.name,
            "reader": reader.name, "pass_url": paper.passes.url(reader.id), "stop_url": stop_url,
        }  # fmt: skip
        text, html = (Frame(f"{KIND}.{kind}", **values).filled({}) for kind in ("txt", "html"))
        return letter(
            paper.head(subject=title, date=clock.now(), kind=KIND), to=mailbox(reader.name, reader.address),
            mail_id=paper.mail_id(self._thing, reader.id), stop_url=stop_url, text=text, html=html,
        )  # fmt: skip


async def summary_letter(session: AsyncSession, stationery: Stationery, thing: str) -> SummaryLetter:
    """The letter of the summary called *thing*, with the names as they are now."""
    person_id = thing.rpartition(".")[0]
    mine = summary_items.c.person_id == person_id, summary_items.c.thing == thing
    parts = (await session.execute(select(summary_items.c.offset, summary_items.c.by).where(*mine))).all()
    items = await _shown(session, person_id, [part.offset for part in parts])
    return SummaryLetter(stationery, thing, items, daily=any(part.by == BY_DAILY for part in parts))


async def _shown(session: AsyncSession, person_id: str, offsets: Sequence[int]) -> list[dict[str, Any]]:
    told = await session.execute(reach(person_id=person_id, where=[among(session, alerts.c.offset, offsets)]))
    bests = {row.offset: Best.of(row.best) for row in told}
    query = select(alerts).where(among(session, alerts.c.offset, list(bests))).order_by(alerts.c.offset.desc())
    rows = (await session.execute(query)).mappings().all()
    epoch, _ = await head(session)
    people = await names_in(session, (row["headline"] for row in rows))
    ids = [best.audience.removeprefix("network:") for best in bests.values()]
    called = await network_names(session, [*ids, *(row["network_id"] for row in rows)])
    return [
        {**shown(row, epoch=epoch, people=people, networks=called), "why": _why(bests[row["offset"]], called)}
        for row in rows
    ]


def _why(best: Best, called: Mapping[str, str]) -> str:
    return sentence(best.route, best.audience, called.get(best.audience.removeprefix("network:"), ""))


def _by_network(items: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for item in items:
        groups.setdefault(item["network_name"] or "Everything else", []).append(item)
    return list(groups.items())


def _title(items: Sequence[Mapping[str, Any]], *, daily: bool) -> str:
    """`Today: 3 changes in Stroke network and 2 more networks`."""
    names = list(dict.fromkeys(item["network_name"] for item in items if item["network_name"]))
    count = f"{len(items)} change{'' if len(items) == 1 else 's'}"
    where = f" in {names[0]}" if names else ""
    if len(names) > 1:
        where += f" and {len(names) - 1} more"
    return f"{'Your day' if daily else 'While it was quiet'}: {count}{where}"
