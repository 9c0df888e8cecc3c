"""What staff do with a draft: its words, its items, their order, and items of their own.

Invariants:
1. What was written is never overwritten unseen. An item (and the title with the introduction) has a version; whoever
   writes on an older one is refused and given the present one, to be shown beside theirs.
2. Pinning, dropping and moving say nothing twice: they need no version, and the last one counts.
3. Whoever changes a draft last does not approve it (commands/issues.py).
4. Words remember the newest message that their writer had seen of what they tell of (`own_of`). What is announced of it
   later is shown beside them until somebody has looked at it; looking is no editing, so who approves may do it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.choice import grouped
from services.notifications.commands.issues import NotPossibleNow, change_issue, locked
from services.notifications.letters.editions import items_of
from services.notifications.own_words import has_own_words, newest_said
from services.notifications.tables import issue_items, networks
from shared import clock
from shared.auth import Principal
from shared.boundary import require_revision
from shared.envelope import new_id
from shared.errors import NotFound, Stale, Unprocessable

Direction = Literal["up", "down", "first", "last"]
WORDS = ("title", "intro")
WRITTEN = {"own_headline", "text"}


class UnknownItem(Unprocessable):
    """An item is not one of this issue; load the issue again."""


class NoSuchItem(NotFound):
    """This issue has no item with this id; load the issue again."""


class NoSuchGroup(NotFound):
    """No item of this issue is of this care group; load the issue again."""


class NoSuchNetworkHere(Unprocessable):
    """There is no network with this id; leave it out, or search the directory for its name."""


class WrittenMeanwhile(Stale):
    """Somebody else wrote here first; nothing of yours or theirs is lost. Compare the two and choose."""


async def edit_issue(
    session: AsyncSession, *, issue_id: str, fields: dict[str, Any], items: Sequence[dict[str, Any]],
    by: Principal, expected: int | None = None, words_version: int | None = None, reason: str = "",
) -> None:  # fmt: skip
    """Change a draft's title, introduction and items. Raises NoSuchIssue, ChangedMeanwhile, WrittenMeanwhile."""
    issue = await draft_locked(session, issue_id)
    require_revision(expected, issue["revision"])
    written = {name: value for name, value in fields.items() if name in WORDS and value != issue[name]}
    if written and words_version is not None and words_version != issue["words_version"]:
        present = {name: issue[name] for name in WORDS}
        raise WrittenMeanwhile(present={**present, "version": issue["words_version"], "by": issue["edited_by"]})
    known = select(issue_items.c.id).where(issue_items.c.issue_id == issue_id)
    if {item["id"] for item in items} - set((await session.execute(known)).scalars()):
        raise UnknownItem
    for item in items:
        values = {("place" if name == "position" else name): value for name, value in item.items() if name != "id"}
        stored = await _item(session, issue_id, item["id"])
        if values.get("text", stored["text"]) != stored["text"]:
            values |= await _seen(session, stored, values, "")
        await _write(session, item["id"], values, by) if values else None
    more = {"words_version": issue["words_version"] + 1} if written else {}
    await _edited(session, issue, by=by, reason=reason, **written, **more)


async def edit_item(
    session: AsyncSession, *, issue_id: str, item_id: str, fields: Mapping[str, Any], by: Principal,
    expected: int | None = None, reason: str = "",
) -> None:  # fmt: skip
    """Write, pin or drop one item. Raises NoSuchItem, WrittenMeanwhile, NotPossibleNow.

    `of` in *fields* is the newest message of its thing that the writer has seen; alone, it says that the words stay.
    """
    issue = await draft_locked(session, issue_id)
    item = await _item(session, issue_id, item_id)
    named = {("own_headline" if name == "headline" else name): value for name, value in fields.items()}
    seen = named.pop("of", "")
    values = {name: value for name, value in named.items() if value != item[name]}
    if not values:
        return await _keep(session, issue, item, seen, by=by, reason=reason) if seen and not named else None
    if WRITTEN & set(values):
        if expected is not None and expected != item["version"]:
            raise WrittenMeanwhile(present={"version": item["version"], "by": item["edited_by"]})
        values |= {"version": item["version"] + 1, **await _seen(session, item, values, seen)}
    await _write(session, item_id, values, by)
    await _edited(session, issue, by=by, reason=reason)


async def _seen(
    session: AsyncSession, item: Mapping[Any, Any], values: Mapping[str, Any], seen: str
) -> dict[str, str]:  # fmt: skip
    """What the writer of *values* has seen: everything, unless *seen* is older than what the item tells now."""
    if not has_own_words({**item, **values}):
        return {"own_of": ""}
    newest = (await newest_said(session, [dict(item)])).get(item["id"])
    present = newest["message_id"] if newest else ""
    return {"own_of": present if seen in ("", item["message_id"], present) else seen}


async def _keep(
    session: AsyncSession, issue: RowMapping, item: Mapping[Any, Any], seen: str, *, by: Principal, reason: str
) -> None:
    """The words stay as they are, in the knowledge of *seen*."""
    if seen != item["own_of"]:
        await session.execute(update(issue_items).where(issue_items.c.id == item["id"]).values(own_of=seen))
        await change_issue(session, issue, by=by, reason=reason)


async def add_item(
    session: AsyncSession, *, issue_id: str, fields: Mapping[str, Any], by: Principal, reason: str = ""
) -> str:
    """Add an item of staff's own words; returns its id. It is for everybody, or for a network's readers first."""
    issue = await draft_locked(session, issue_id)
    network = await _network(session, fields.get("network_id", ""))
    identity, now = new_id(), clock.now()
    values = {
        "id": identity, "issue_id": issue_id, "same": f"own|{identity}", "message_id": "", "category": "news",
        "headline": fields["headline"], "text": fields.get("text", ""), "path": fields.get("path", ""),
        "significance": "normal", "time": now, "network_id": network["id"], "care_group": network["care_group"],
        "audiences": f"network:{network['id']}" if network["id"] else "everyone", "place": None, "pinned": False,
        "dropped": False, "edited_by": by.person_id, "edited_at": now,
    }  # fmt: skip
    await session.execute(insert(issue_items), values)
    await _edited(session, issue, by=by, reason=reason)
    return identity


async def move_item(session: AsyncSession, *, issue_id: str, item_id: str, to: Direction, by: Principal) -> None:
    """Move an item within its care group, or among the pinned. Raises NoSuchItem."""

    def same_shelf(item: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        return bool(item["pinned"] == other["pinned"] and (item["pinned"] or item["care_group"] == other["care_group"]))

    await _move(session, issue_id, to, by, chosen=lambda item: item["id"] == item_id, beside=same_shelf)


async def move_group(session: AsyncSession, *, issue_id: str, care_group: str, to: Direction, by: Principal) -> None:
    """Move a care group with all its items. Raises NoSuchGroup."""
    issue = await draft_locked(session, issue_id)
    items = await _in_order(session, issue_id)
    names = list(dict.fromkeys(item["care_group"] for item in items if not item["pinned"]))
    if care_group not in names:
        raise NoSuchGroup
    moved(names, names.index(care_group), to)
    items.sort(key=lambda item: (not item["pinned"], 0 if item["pinned"] else names.index(item["care_group"])))
    await _place(session, items)
    await _edited(session, issue, by=by, reason="")


Test = Callable[[Mapping[str, Any]], bool]


async def _move(
    session: AsyncSession, issue_id: str, to: Direction, by: Principal, *, chosen: Test,
    beside: Callable[[Mapping[str, Any], Mapping[str, Any]], bool],
) -> None:  # fmt: skip
    issue = await draft_locked(session, issue_id)
    items = await _in_order(session, issue_id)
    item = next(filter(chosen, items), None)
    if item is None:
        raise NoSuchItem
    shelf = [number for number, other in enumerate(items) if beside(item, other)]
    order = [items[number] for number in shelf]
    moved(order, order.index(item), to)
    for number, other in zip(shelf, order, strict=True):
        items[number] = other
    await _place(session, items)
    await _edited(session, issue, by=by, reason="")


def moved(row: list[Any], place: int, to: Direction) -> None:
    """Move the one at *place* of *row*; at the end of the row it stays."""
    target = {"up": place - 1, "down": place + 1, "first": 0, "last": len(row) - 1}[to]
    row.insert(min(max(target, 0), len(row) - 1), row.pop(place))


async def draft_locked(session: AsyncSession, issue_id: str) -> RowMapping:
    """The draft, its row locked. Raises NoSuchIssue, NotPossibleNow."""
    issue = await locked(session, issue_id)
    if issue["status"] != "draft":
        raise NotPossibleNow(f"Issue {issue['number']} is {issue['status']}; only a draft can be edited.")
    return issue


async def _in_order(session: AsyncSession, issue_id: str) -> list[dict[str, Any]]:
    items = await items_of(session, issue_id)
    return [items[number] for number in grouped(items)]


async def _place(session: AsyncSession, items: Sequence[Mapping[str, Any]]) -> None:
    for place, item in enumerate(items):
        if item["place"] != place:
            await session.execute(update(issue_items).where(issue_items.c.id == item["id"]).values(place=place))


async def _item(session: AsyncSession, issue_id: str, item_id: str) -> RowMapping:
    mine = select(issue_items).where(issue_items.c.issue_id == issue_id, issue_items.c.id == item_id)
    item = (await session.execute(mine)).mappings().first()
    if item is None:
        raise NoSuchItem
    return item


async def _network(session: AsyncSession, network_id: str) -> Mapping[str, Any]:
    if not network_id:
        return {"id": "", "care_group": ""}
    row = (await session.execute(select(networks).where(networks.c.id == network_id))).mappings().first()
    if row is None:
        raise NoSuchNetworkHere
    return dict(row)


async def _write(session: AsyncSession, item_id: str, values: Mapping[str, Any], by: Principal) -> None:
    who = {"edited_by": by.person_id, "edited_at": clock.now()}
    await session.execute(update(issue_items).where(issue_items.c.id == item_id).values({**values, **who}))


async def _edited(session: AsyncSession, issue: RowMapping, *, by: Principal, reason: str, **values: Any) -> None:
    who = {"edited_by": by.person_id, "edited_at": clock.now()}
    await change_issue(session, issue, by=by, reason=reason, **who, **values)
