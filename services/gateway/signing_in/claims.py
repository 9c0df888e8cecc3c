"""Which claims of the identity provider make whom what: the table of TIDINGS_OIDC_CLAIMS (docs/sign-in.md).

Invariant: what the table speaks of it decides wholly, at each sign-in: who no longer has the claim loses what it gave.
What it does not speak of is left as it is on the register.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.config import WrongSetting

GIVES = frozenset({"staff", "associate", "officer", "organisation"})
KNOWN = frozenset({"claim", "value", "gives", "body"})


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """Who has *value* in *claim* (any value where it is empty) is given *gives*."""

    claim: str
    value: str
    gives: str
    body: str = ""


def rules_in(setting: str) -> tuple[ClaimRule, ...]:
    """The table in the file that a setting names. Raises WrongSetting with what is wrong, and where."""
    if not setting:
        return ()
    try:
        table = tomllib.loads(Path(setting).read_text(encoding="utf-8"))
        return tuple(_rule(number, row) for number, row in enumerate(table.get("rule", []), 1))
    except (OSError, ValueError) as error:
        raise WrongSetting(f"TIDINGS_OIDC_CLAIMS is {setting!r}: {error}. See docs/sign-in.md.") from None


def _rule(number: int, row: Any) -> ClaimRule:
    if not isinstance(row, dict) or set(row) - KNOWN or not isinstance(row.get("claim"), str):
        raise ValueError(f"rule {number} takes claim, value, gives and body")
    rule = ClaimRule(row["claim"], str(row.get("value", "")), str(row.get("gives", "")), str(row.get("body", "")))
    if rule.gives not in GIVES:
        raise ValueError(f"rule {number} gives {rule.gives!r}; it can give {', '.join(sorted(GIVES))}")
    if (rule.gives == "officer") != bool(rule.body):
        raise ValueError(f"rule {number}: an officer, and nobody else, has a body")
    if rule.gives != "organisation" and not rule.value:
        raise ValueError(f"rule {number} needs a value")
    return rule


def standing_of(claims: Mapping[str, Any], rules: tuple[ClaimRule, ...]) -> dict[str, Any]:
    """What the table makes of somebody: `is_staff`, `is_associate`, `bodies`, `organisation`, as far as it decides."""
    held = [rule for rule in rules if _has(claims, rule)]
    decided, given = {rule.gives for rule in rules}, {rule.gives for rule in held}
    standing: dict[str, Any] = {
        f"is_{what}": what in given for what in ("staff", "associate") if what in decided
    }  # fmt: skip
    if "officer" in decided:
        standing["bodies"] = sorted({rule.body for rule in held if rule.gives == "officer"})
    codes = [rule.value or _values(claims, rule.claim)[0] for rule in held if rule.gives == "organisation"]
    if codes:
        standing["organisation"] = codes[0]
    return standing


def _has(claims: Mapping[str, Any], rule: ClaimRule) -> bool:
    values = _values(claims, rule.claim)
    if rule.gives == "organisation":
        return bool(values)
    return rule.value in values


def _values(claims: Mapping[str, Any], path: str) -> list[str]:
    """What stands at `groups`, or at `realm_access.roles`: a list, or one text."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
    return [str(one) for one in found] if isinstance(found, list) else [str(found)] if found else []
