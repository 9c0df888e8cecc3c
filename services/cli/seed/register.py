"""The register at the beginning of the demonstration's year: the real networks, with invented particulars."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from services.cli.seed.cast import HOME
from services.cli.seed.words import AIMS, ANY_AIMS

ACTIVE_GROUPS = {"cancer", "cardiovascular", "critical care", "neonatal", "major trauma", "stroke", "renal"}
"""Care groups whose clinical networks are mostly managed."""


@dataclass(frozen=True)
class Entry:
    """A network as it is put on the register. `aims` are sentences that later changes add to."""

    name: str
    type: str
    care_group: str
    level: str
    purpose: str
    bodies: tuple[str, ...]
    stage: str
    host: str
    web: str
    email: str
    aims: str

    @property
    def side(self) -> str:
        """Commissioners commission; everybody else provides."""
        return "commissioner" if self.purpose == "commissioning" else "provider"


def entries(chance: Random, rows: Sequence[Mapping[str, str]], trusts: Mapping[str, Sequence[str]]) -> list[Entry]:
    """An entry for each network of the reference data."""
    return [_entry(chance, number, row, trusts) for number, row in enumerate(rows, start=1)]


def as_csv(networks: Sequence[Entry]) -> bytes:
    """The entries as a file that the register imports."""
    columns = ["name", "type", "care_group", "level", "purpose", "side", "sha_codes", "stage", "host", "web", "email"]
    columns.append("aims")
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(columns)
    for entry in networks:
        writer.writerow([";".join(entry.bodies) if c == "sha_codes" else getattr(entry, c) for c in columns])
    return target.getvalue().encode()


def aims_of(care_group: str) -> tuple[str, ...]:
    """The sentences from which aims of such a network are put together."""
    return AIMS.get(care_group, ANY_AIMS)


def _entry(chance: Random, number: int, row: Mapping[str, str], trusts: Mapping[str, Sequence[str]]) -> Entry:
    bodies = tuple(code for code in row["sha_codes"].split(";") if code)
    group = row["care_group"]
    stage = _stage(chance, row)
    host = chance.choice(trusts[bodies[0]]) if bodies and chance.random() < 0.6 else ""
    domain = f"{group.lower().replace(' ', '-')}-{number}.example"
    return Entry(
        name=row["name"], type=row["type"], care_group=group, level=row["level"], purpose=row["purpose"],
        bodies=bodies, stage=stage, host=host,
        web=f"https://www.{domain}" if chance.random() < 0.5 else "",
        email=f"office@{domain}" if chance.random() < 0.4 else "",
        aims=aims_of(group)[0] if stage != "informal" or chance.random() < 0.4 else "",
    )  # fmt: skip


def _stage(chance: Random, row: Mapping[str, str]) -> str:
    """Most networks are informal; those that must be managed mostly are, or are on the way."""
    if row["name"] == HOME:
        return "managed"
    active = row["care_group"] in ACTIVE_GROUPS and row["purpose"] == "clinical"
    weights = (15, 40, 45) if active else (55, 35, 10)
    return chance.choices(("informal", "emerging", "managed"), weights=weights)[0]
