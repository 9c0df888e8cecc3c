"""Write the documents that the code itself says: each contract's JSON Schema, who may do what, and who may go where.

python scripts/generate.py           writes docs/contracts/, docs/permissions.md and docs/routes.md
python scripts/generate.py --check   only says what is out of date or breaks a reader, and exits with 1

A contract that is published may grow; what readers rely on may not go or change. Such a change needs a new version of
the type (`….v2`) beside the old one.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from services.cli import routes
from shared import failures
from shared.config import SERVICES
from shared.contracts import CONTRACTS
from shared.service import rules_of

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "contracts"
PERMISSIONS = ROOT / "docs" / "permissions.md"
ROUTES = ROOT / "docs" / "routes.md"
TOLD = {"title", "description", "examples", "default"}


def contracts() -> dict[Path, str]:
    """File → JSON Schema of the state that a type of message carries."""
    _load()
    found = {}
    for name, contract in sorted(CONTRACTS.items()):
        schema = contract.state.model_json_schema()
        document = {"type": name, "topic": contract.topic, "summary": contract.summary, "state": schema}
        found[FOLDER / f"{name}.json"] = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    return found


def permissions() -> str:
    """Every route of every service with who may call it and the scope that a token needs."""
    lines = ["# Who may do what", "", "Generated from the routes' own rules by `python scripts/generate.py`.", ""]
    everywhere = [("every service (`/api/failures` asks all of them)", [failures.router])]
    for name, routers in [*everywhere, *((service.name, service.routers) for service in _load())]:
        lines += [f"## {name}", "", "| route | who | scope |", "| --- | --- | --- |"]
        for route in (route for router in routers for route in router.routes):
            for check in rules_of(route):
                verbs = ", ".join(sorted(route.methods - {"HEAD"}))
                lines.append(f"| `{verbs} {route.path}` | {check.rule.sentence} | `{check.scope}` |")
        lines.append("")
    return "\n".join(lines)


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a reader of *old* would miss in *new*, a sentence each; empty when *new* only grew."""
    before, after = old["state"], new["state"]
    found = []
    for name, field in before.get("properties", {}).items():
        if name not in after.get("properties", {}):
            found.append(f"{old['type']} lost the field {name}")
        elif _plain(field) != _plain(after["properties"][name]):
            found.append(f"{old['type']} changed the field {name}")
    if old["topic"] != new["topic"]:
        found.append(f"{old['type']} moved to another topic")
    return found


def _plain(field: Any) -> Any:
    """A field's schema without what only people read."""
    if isinstance(field, dict):
        return {name: _plain(value) for name, value in field.items() if name not in TOLD}
    return [_plain(value) for value in field] if isinstance(field, list) else field


def problems() -> list[str]:
    """Everything that is out of date, or breaks a reader; a sentence each."""
    wanted, found = contracts(), []
    for path in sorted(FOLDER.glob("*.json")):
        if path not in wanted:
            found.append(f"{path.stem} is published and no longer declared; keep it while anybody may read it")
        else:
            found += breaks(json.loads(path.read_text()), json.loads(wanted[path]))
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    said = {PERMISSIONS: permissions(), ROUTES: routes.document()}
    stale += [path for path, text in said.items() if not path.exists() or path.read_text() != text]
    found += [f"{path.relative_to(ROOT)} is out of date; run `python scripts/generate.py`" for path in stale]
    return found


def write() -> None:
    """Write what is out of date. Raises SystemExit where a contract would break its readers."""
    wanted = contracts()
    known = [(path, json.loads(path.read_text())) for path in FOLDER.glob("*.json") if path in wanted]
    if broken := [sentence for path, old in known for sentence in breaks(old, json.loads(wanted[path]))]:
        raise SystemExit("\n".join([*broken, "Declare a new version of the type beside the old one."]))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in {**wanted, PERMISSIONS: permissions(), ROUTES: routes.document()}.items():
        path.write_text(text)


def _load() -> list[Any]:
    return [importlib.import_module(f"services.{name}.app").service for name in SERVICES]


if __name__ == "__main__":
    if "--check" in sys.argv:
        raise SystemExit("\n".join(problems()) or None)
    write()
