"""What standards ask of networks, in words; and the public page of them, by stage and by what they look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from services.gateway.pages.choices import STAGES
from services.gateway.pages.links import SENTENCES
from services.gateway.pages.values import label
from services.gateway.rendering import words
from services.gateway.visit import Visit, page

NEEDS = {
    "role": "People", "evidence": "Evidence", "field": "The record", "link": "Links to other networks",
    "professions": "Professions",
}  # fmt: skip
"""What a rule looks at → its heading."""
GRANTED: dict[str, Any] = {
    "at_least": 1, "or_evidence": "", "escalate_after_days": (30, 60, 90), "lasts_days": 365, "kinds": (),
}  # fmt: skip


async def asked_of_networks(visit: Visit) -> Response:
    """The standards in force: of each stage, by what they look at, with how many networks meet each."""
    found = await visit.ask("registry", "/standards")
    return visit.page(
        "standards/public.html", "What is asked of networks", stages=by_stage(found["items"]), total=found["total"]
    )


def by_stage(standards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each stage that has standards with them, by their headings; `anchor` where one stands for the first time."""
    anchored = set[str]()
    stages = []
    for stage in (stage for stage in STAGES if any(stage in one["stages"] for one in standards)):
        groups: dict[str, list[dict[str, Any]]] = {}
        for one in (one for one in standards if stage in one["stages"]):
            anchor = "" if one["code"] in anchored else one["code"]
            anchored.add(one["code"])
            shown = {**one, "asked": in_words(one["rule"]), "anchor": anchor}
            groups.setdefault(NEEDS[one["rule"]["needs"]], []).append(shown)
        stages.append({"stage": stage, "groups": groups})
    return stages


def in_words(rule: Mapping[str, Any]) -> str:
    """What a rule asks for, as a person would say it; what it leaves out is taken for granted as the register does."""
    match _whole(rule):
        case {"needs": "role"} as role:
            return _role(role)
        case {"needs": "evidence", "kind": kind, "lasts_days": lasts}:
            until = f" It lasts {_days(lasts)} unless it names its own day of review." if lasts else ""
            return f"Evidence of the kind “{words(kind)}” is in date.{until}{_brought(rule)}"
        case {"needs": "field", "field": field}:
            return f"“{label(field)}” is filled in on its record."
        case {"needs": "link", "at_least": many, "kinds": kinds}:
            how = f" ({_or([SENTENCES.get(kind, words(kind)) for kind in kinds])})" if kinds else ""
            return f"It is linked to {_at_least(many, 'other network')}{how}."
        case {"needs": "professions", "at_least": many}:
            return f"Those who belong to it have {_at_least(many, 'different profession')}."
    return words(str(rule.get("needs", "")))


def _whole(rule: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {name: int(rule[name]) for name in ("at_least", "lasts_days") if rule.get(name)}
    return {**GRANTED, **rule, **numbers}


def _role(rule: Mapping[str, Any]) -> str:
    roles = _or([words(role).lower() for role in rule["roles"]])
    who = "Somebody is" if rule["at_least"] == 1 else f"At least {rule['at_least']} people are"
    instead = f", or evidence of the kind “{words(rule['or_evidence'])}” is in date" if rule["or_evidence"] else ""
    days = [str(day) for day in rule["escalate_after_days"]]
    clock = f" When nobody is, those concerned are told after {_list(days, 'and')} days." if days else ""
    return f"{who} {roles}{instead}.{clock}"


def _brought(rule: Mapping[str, Any]) -> str:
    return " It is also recorded by itself when it happens here." if rule.get("messages") else ""


def _days(many: int) -> str:
    years = {365: "a year", 730: "two years", 1095: "three years", 1826: "five years"}
    return years.get(many) or ("a day" if many == 1 else f"{many:,} days")


def _at_least(many: int, noun: str) -> str:
    return f"at least one {noun}" if many == 1 else f"at least {many} {noun}s"


def _or(items: Sequence[str]) -> str:
    return _list(items, "or")


def _list(items: Sequence[str], last: str) -> str:
    return f"{', '.join(items[:-1])} {last} {items[-1]}" if len(items) > 1 else "".join(items)


ROUTES = [page("/standards", asked_of_networks)]
