"""The form of a standard: fields for people, the rule as data for who wants it, and what was wrong beside each.

The fields of what a rule needs are called `<needs>-<field>`, so that the register's errors find them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from services.gateway.clients import Refused
from services.gateway.pages.forms import plain, text, texts
from services.gateway.rendering import words

LISTS = ("stages", "role-roles", "link-kinds")
LABELS = {
    "name": "Name", "sentence": "What is said of a network that does not meet it", "severity": "How grave it is",
    "stages": "Stages", "needs": "What it looks at", "mend": "Where it is put right", "reason": "Reason",
    "rule": "The rule", "role-roles": "Roles", "role-at_least": "How many people",
    "role-or_evidence": "Evidence that counts instead", "role-escalate_after_days": "Days of the clock",
    "evidence-kind": "Kind of evidence", "evidence-lasts_days": "Days it lasts", "evidence-messages": "Messages",
    "field-field": "Field", "link-kinds": "Kinds of link", "link-at_least": "How many networks",
    "professions-at_least": "How many professions",
}  # fmt: skip
EMPTY = {
    "view": "plain", "role-at_least": "1", "role-escalate_after_days": "30, 60, 90", "evidence-lasts_days": "365",
    "link-at_least": "1", "professions-at_least": "3", "stages": ["managed"], "severity": "red",
}  # fmt: skip
CHOSEN = ("severity", "needs", "stages", "role-roles", "field-field", "link-kinds")
"""Fields in which something is chosen, not typed."""
PATTERNS = {
    "mend": "Begin with / as in /networks/{slug}/edit",
    "evidence-messages": "Write each as the document of messages has it, on a line of its own",
    "evidence-kind": "Enter a few words that begin with a letter",
    "role-or_evidence": "Enter a few words that begin with a letter",
}  # fmt: skip


BOUNDS = {
    "Input should be greater than or equal to": "at least", "Input should be less than or equal to": "at most",
}  # fmt: skip


class NotJson(ValueError):
    """The rule is not JSON."""


def values_of(standard: Mapping[str, Any]) -> dict[str, Any]:
    """A standard as the form's values."""
    rule = standard["rule"]
    values = {name: standard[name] for name in ("name", "sentence", "severity", "stages", "mend")}
    return {**EMPTY, **values, **plain_values(rule), "rule": as_json(rule), "read_revision": standard["revision"]}


def plain_values(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as the fields for people."""
    needs = str(rule.get("needs", ""))
    found: dict[str, Any] = {f"{needs}-{name}": value for name, value in rule.items() if name != "needs"}
    for name, joint in (("role-escalate_after_days", ", "), ("evidence-messages", "\n")):
        if isinstance(found.get(name), list):
            found[name] = joint.join(str(entry) for entry in found[name])
    for name in ("evidence-kind", "role-or_evidence"):
        if found.get(name):
            found[name] = words(found[name])
    return {"needs": needs, **found}


def as_json(rule: Mapping[str, Any]) -> str:
    """A rule as data, to be read and changed."""
    return json.dumps(rule, indent=2, ensure_ascii=False)


def entered_in(form: FormData) -> dict[str, Any]:
    """What was entered, to be shown again."""
    names = dict.fromkeys([*form, *LISTS])
    return {name: texts(form, name) if name in LISTS else text(form, name) for name in names}


def rule_in(values: Mapping[str, Any]) -> dict[str, Any]:
    """The rule that was entered in whichever view. Raises NotJson."""
    return _parsed(str(values.get("rule", ""))) if values.get("view") == "advanced" else _composed(values)


def _parsed(content: str) -> dict[str, Any]:
    try:
        rule = json.loads(content)
    except json.JSONDecodeError as error:
        raise NotJson(f"This is not JSON: {error.msg} in line {error.lineno}, place {error.colno}") from None
    if not isinstance(rule, dict):
        raise NotJson("Write the rule in braces, as in the examples")
    return rule


def _composed(values: Mapping[str, Any]) -> dict[str, Any]:
    needs = str(values.get("needs", ""))
    fields = {name.removeprefix(f"{needs}-"): value for name, value in values.items() if name.startswith(f"{needs}-")}
    if needs == "role":
        days = re.split(r"[,;\s]+", str(fields.get("escalate_after_days", "")))
        fields["escalate_after_days"] = [_number(day) for day in days if day]
        fields["or_evidence"] = code_of(str(fields.get("or_evidence", "")))
    if needs == "evidence":
        fields["kind"] = code_of(str(fields.get("kind", "")))
        fields["lasts_days"] = fields.get("lasts_days") or None
        fields["messages"] = str(fields.get("messages", "")).split()
    numbers: dict[str, Any] = {name: _number(fields[name]) for name in ("at_least", "lasts_days") if name in fields}
    return {"needs": needs, **fields, **numbers}


def _number(entered: Any) -> Any:
    """A whole number where one was entered; else what was entered, which the register refuses in its own words."""
    return int(entered) if isinstance(entered, str) and entered.isdecimal() and len(entered) < 10 else entered


def code_of(said: str) -> str:
    """`annual_plan`, of what a person calls it."""
    return re.sub(r"[^a-z0-9]+", "_", said.lower()).strip("_")


def body_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the register is sent. Raises NotJson."""
    body = {name: values[name] for name in ("name", "sentence", "severity", "mend") if name in values}
    return {**body, "stages": values.get("stages") or [], "rule": rule_in(values)}


def errors_of(refused: Refused, view: str) -> list[dict[str, str]]:
    """The error summary's lines, each linked to its field."""
    lines = [_line(str(error["field"]), str(error["message"]), view) for error in refused.errors]
    where = "name" if refused.status == 409 else "maincontent"
    return lines or [{"text": refused.detail, "href": f"#{where}"}]


def _line(path: str, message: str, view: str) -> dict[str, str]:
    first, *rest = path.split(".")
    if first == "rule" and view == "advanced":
        inner = " ".join(part for part in rest[1:] if not part.isdigit())
        return {"text": f"The rule: {f'{inner}: ' if inner else ''}{plain(message)}", "href": "#rule"}
    name = first
    if first == "rule":
        name = "-".join(rest[:2]) if len(rest) > 1 else "needs"
    return {"text": f"{LABELS.get(name, words(name))}: {_said(name, message)}", "href": f"#{name}"}


def _said(name: str, message: str) -> str:
    if name in CHOSEN:
        return "Choose at least one" if name in LISTS else "Choose one"
    if message.startswith("String should match pattern") and name in PATTERNS:
        return PATTERNS[name]
    for technical, said in BOUNDS.items():
        if message.startswith(technical):
            return f"Enter {said}{message.removeprefix(technical)}"
    return plain(message)
