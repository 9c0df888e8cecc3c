"""An edition: one issue made ready to be copied, every item rendered and encoded once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.alerts import network_names
from services.notifications.choice import Choice, Copy, ranked
from services.notifications.delivery.rows import belongings
from services.notifications.headlines import filled, names_in
from services.notifications.letters.stationery import (
    Frame,
    Part,
    Recipient,
    Stationery,
    encoded,
    letter,
    mailbox,
    rendered,
    softly,
)
from services.notifications.tables import alerts, corrections, issue_items, issue_tests, issues
from shared import clock

ELSEWHERE = "all networks"
HEADINGS = {"first": "This week", "near": "From your networks", "rest": "From elsewhere"}


class Edition:
    """Makes a reader's copy of one issue by choosing and joining."""

    def __init__(
        self,
        stationery: Stationery,
        issue: Mapping[str, Any],
        items: Sequence[Mapping[str, Any]],
        networks: dict[str, str],
        test: str = "",
    ) -> None:
        """*items* are ranked and have their names filled in; *test* is the id of the test that this is."""
        self._stationery = stationery
        self.choice = Choice(items)
        subject = f"Test: {issue['title']}" if test else issue["title"]
        self._head = stationery.head(subject=subject, date=issue["pressed_at"] or clock.now(), kind="newsletter")
        self._thing = test or issue["id"]
        self._items: list[Part] = [
            rendered("item", item=item, link=_link(stationery, item), network=networks.get(item["network_id"], ""))
            for item in items
        ]
        self._groups = [item["care_group"] or ELSEWHERE for item in items]
        self._names: dict[str, Part] = {group: rendered("group", group=_said(group)) for group in set(self._groups)}
        self._headings: dict[str, Part] = {name: rendered("heading", heading=text) for name, text in HEADINGS.items()}
        self._none: Part = rendered("nothing")
        values = {"issue": issue, "url": stationery.url, "name": stationery.name}
        self._text, self._html = Frame("issue.txt", **values), Frame("issue.html", **values)

    def mail(self, reader: Recipient, audiences: Iterable[str], muted: Collection[str] = ()) -> bytes:
        """The finished mail of one reader. Raises NotAnAddress."""
        return self.written(reader, audiences, muted)[0]

    def written(self, reader: Recipient, audiences: Iterable[str], muted: Collection[str] = ()) -> tuple[bytes, str]:
        """The finished mail, and the items that it holds, as `deliveries.told` has them. Raises NotAnAddress."""
        copy = self.choice.copy_for(audiences, muted)
        told = f",{','.join(map(str, (*copy.first, *copy.near, *copy.rest)))},"
        return self._mail(reader, self._parts(copy)), told

    def _mail(self, reader: Recipient, parts: list[Part]) -> bytes:
        stop_url = self._stationery.stop_url("newsletter", reader.id)
        greeting = f"Dear {' '.join(reader.name.split())}," if reader.name else "Hello,"
        # Who has no account (and so no name) has nothing else to choose.
        choices = self._stationery.passes.url(reader.id) if reader.name else stop_url
        own = {"greeting": encoded(f"{greeting}\n"), "stop": encoded(f"{stop_url}\n")}
        own["choices"] = encoded(f"{choices}\n")
        in_html = {
            "greeting": encoded(_escaped(greeting)),
            "stop": softly(own["stop"]),
            "choices": softly(own["choices"]),
        }
        return letter(
            self._head, to=mailbox(reader.name, reader.address),
            mail_id=self._stationery.mail_id(self._thing, reader.id), stop_url=stop_url,
            text=self._text.filled({**own, "items": b"".join([part[0] for part in parts])}),
            html=self._html.filled({**in_html, "items": b"".join([part[1] for part in parts])}),
        )  # fmt: skip

    def _parts(self, copy: Copy) -> list[Part]:
        """The items with their headings; pinned ones stand apart from their care groups."""
        parts: list[Part] = []
        for name, numbers in (("first", copy.first), ("near", copy.near), ("rest", copy.rest)):
            if numbers:
                parts.append(self._headings[name])
            group = ""
            for number in numbers:
                if name != "first" and self._groups[number] != group:
                    group = self._groups[number]
                    parts.append(self._names[group])
                parts.append(self._items[number])
        return parts or [self._none]


def _link(stationery: Stationery, item: Mapping[str, Any]) -> str:
    """Where an item leads: a page of ours, somewhere else that staff chose, or nowhere."""
    path = str(item["path"])
    return path if path.startswith("https://") or not path else stationery.url + path


def _said(name: str) -> str:
    """A care group's name as it is read: `older_people` is "Older people"."""
    words = name.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


async def edition_of(
    session: AsyncSession, stationery: Stationery, issue_id: str, test: str = "", *, corrected: int | None = None
) -> Edition:
    """The edition of one issue as it stands; with *corrected*, as it stood when it had so many corrections."""
    issue = dict((await session.execute(select(issues).where(issues.c.id == issue_id))).mappings().one())
    until = issue["corrected"] if corrected is None else corrected
    items = await _put_right(session, await items_of(session, issue_id), issue_id, until)
    called = await network_names(session, (item["network_id"] for item in items))
    return Edition(stationery, issue, [item for item in items if not item["dropped"]], called, test)


async def items_of(session: AsyncSession, issue_id: str) -> list[dict[str, Any]]:
    """The items of an issue, ranked, with names filled in, the dropped ones included.

    `headline` is what is shown, `said` what the message said.
    """
    query = select(issue_items).where(issue_items.c.issue_id == issue_id).order_by(issue_items.c.id)
    rows = (await session.execute(query)).mappings().all()
    people = await names_in(session, (row["headline"] for row in rows))
    said = {row["id"]: filled(row["headline"], people) for row in rows}
    return [
        {**row, "said": said[row["id"]], "headline": row["own_headline"] or said[row["id"]]}
        for row in ranked(dict(row) for row in rows)
    ]


async def _put_right(
    session: AsyncSession, items: list[dict[str, Any]], issue_id: str, until: int
) -> list[dict[str, Any]]:
    """The items with the first *until* corrections of the issue: headlines put right, or what is right below them."""
    query = select(corrections).where(corrections.c.issue_id == issue_id, corrections.c.number <= until)
    rows = (await session.execute(query.order_by(corrections.c.number, corrections.c.at))).mappings().all()
    people = await names_in(session, (text for row in rows for text in (row["text"], row["headline"])))
    found = {item["id"]: {**item, "right": ""} for item in items}
    for row in rows:
        item = found[row["item_id"]]
        if row["headline"]:
            item["headline"] = filled(row["headline"], people)
        else:
            item["right"] = "\n".join(filter(None, (item["right"], filled(row["text"], people))))
    return list(found.values())


async def place_in_copies(session: AsyncSession, issue_id: str, item_id: str) -> int | None:
    """The number under which copies of a sent issue hold an item; None where no copy does."""
    items = [item["id"] for item in await items_of(session, issue_id) if not item["dropped"]]
    return items.index(item_id) if item_id in items else None


class TrialLetter:
    """A test: another reader's copy, sent to whoever asked for it."""

    def __init__(self, edition: Edition, audiences: Sequence[str], muted: Sequence[str]) -> None:
        """*audiences* and *muted* are those of the reader whose copy it is."""
        self._edition, self._audiences, self._muted = edition, audiences, muted

    def mail(self, reader: Recipient, _audiences: Iterable[str] = (), _muted: Collection[str] = ()) -> bytes:
        """The finished mail. Raises NotAnAddress."""
        return self._edition.mail(reader, self._audiences, self._muted)


async def trial_letter(session: AsyncSession, stationery: Stationery, thing: str) -> TrialLetter:
    """The test that *thing* names."""
    test = (await session.execute(select(issue_tests).where(issue_tests.c.id == thing))).mappings().one()
    audiences, muted = await belongings(session, [test["as_reader"]])
    edition = await edition_of(session, stationery, test["issue_id"], thing)
    return TrialLetter(edition, audiences.get(test["as_reader"], ()), muted.get(test["as_reader"], ()))


class AlertLetter:
    """The mail that tells one alert at once."""

    def __init__(self, stationery: Stationery, alert: Mapping[str, Any], network: str) -> None:
        """*alert* has its names filled in."""
        self._stationery = stationery
        self._thing = alert["message_id"]
        thread = f"network-{alert['network_id']}" if alert["network_id"] else ""
        self._head = stationery.head(subject=alert["headline"], date=alert["stored_at"], kind="alerts", thread=thread)
        values = {"alert": alert, "network": network, "url": stationery.url, "name": stationery.name}
        self._text, self._html = Frame("alert.txt", **values), Frame("alert.html", **values)

    def mail(self, reader: Recipient, _audiences: Iterable[str] = (), _muted: Collection[str] = ()) -> bytes:
        """The finished mail of one reader. Raises NotAnAddress."""
        stop_url = self._stationery.stop_url("alerts", reader.id)
        why_url = f"{self._stationery.passes.url(reader.id)}/why/{self._thing}"
        return letter(
            self._head, to=mailbox(reader.name, reader.address),
            mail_id=self._stationery.mail_id(self._thing, reader.id), stop_url=stop_url,
            text=self._text.filled({"stop": encoded(f"{stop_url}\n"), "why": encoded(f"{why_url}\n")}),
            html=self._html.filled({"stop": encoded(stop_url), "why": encoded(why_url)}),
        )  # fmt: skip


async def alert_letter(session: AsyncSession, stationery: Stationery, message_id: str) -> AlertLetter:
    """The letter for one alert."""
    alert = (await session.execute(select(alerts).where(alerts.c.message_id == message_id))).mappings().one()
    people = await names_in(session, [alert["headline"]])
    called = await network_names(session, [alert["network_id"]])
    told = {**alert, "headline": filled(alert["headline"], people)}
    return AlertLetter(stationery, told, called.get(alert["network_id"], ""))
