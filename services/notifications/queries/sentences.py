"""What a reader gets, in sentences: the answer of the preference centre to "and what will reach me now?"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.notifications.hours import Hours, shown
from shared.announcement import CHANNELS, KINDS

NAMED = 3
"""Networks that differ from the others and are named; of more there is only a number."""
WAYS = {
    "mail": "by mail at once", "live": "live", "daily": "in one mail a day", "weekly": "once a week",
    "off": "not at all",
}  # fmt: skip


def summed_up(found: Mapping[str, Any], hours: Hours, *, has_browser: bool) -> str:
    """All of it, from what `preferences_of` found."""
    networks = [network for network in found["networks"] if network["route"] and not network["muted"]]
    parts = [*_of_networks(networks), *_of_muted([n for n in found["networks"] if n["muted"]])]
    parts.append("What concerns you by name always reaches you.")
    channels = {channel for network in networks for channel in network["effective"].values()}
    parts += _of_ways(channels, found, hours)
    if has_browser:
        parts.append("What is live is shown by your browser too.")
    return " ".join(parts)


def _of_networks(networks: Sequence[Mapping[str, Any]]) -> list[str]:
    """How most of the networks are told, then those that differ."""
    if not networks:
        return ["You belong to no network and follow none."]
    forms = Counter(tuple(network["effective"][kind] for kind in KINDS) for network in networks)
    usual = dict(zip(KINDS, forms.most_common(1)[0][0], strict=True))
    whose = f"Of {networks[0]['name']}" if len(networks) == 1 else f"Of your {len(networks)} networks"
    said = [f"{whose} you get {_kinds(usual)}."]
    others = [network for network in networks if network["effective"] != usual]
    for network in others[:NAMED]:
        differing = {kind: way for kind, way in network["effective"].items() if way != usual[kind]}
        said.append(f"Of {network['name']}, though, {_kinds(differing)}.")
    if len(others) > NAMED:
        said.append(f"{len(others) - NAMED} more differ.")
    return said


def _kinds(effective: Mapping[str, str]) -> str:
    """`governance and events live, news once a week`."""
    ways = {way: [kind for kind in KINDS if effective.get(kind) == way] for way in reversed(CHANNELS)}
    return ", ".join(f"{_listed(kinds)} {WAYS[way]}" for way, kinds in ways.items() if kinds)


def _of_muted(networks: Sequence[Mapping[str, Any]]) -> list[str]:
    names = [str(network["name"] or "a network that is no more") for network in networks]
    if not names:
        return []
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return [f"You muted {_listed([*names[:NAMED], *more])}."]


def _of_ways(channels: Iterable[str], found: Mapping[str, Any], hours: Hours) -> list[str]:
    said = []
    if "daily" in channels:
        said.append(f"The daily mail comes at {shown(hours.daily_at)}.")
    if found["newsletter"]:
        said.append("The newsletter comes once a week.")
    elif "weekly" in channels:
        said.append("What comes once a week stands in the newsletter, which you do not take, and among your alerts.")
    if hours.quiet_from is not None and hours.quiet_to is not None:
        start, end = shown(hours.quiet_from), shown(hours.quiet_to)
        said.append(f"From {start} to {end} ({hours.zone}) nothing is sent; what came is in one summary at {end}.")
    return said


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
