"""Evidence of the demonstration: most managed networks keep what standards ask for, some are late, some never do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random

from services.cli.seed.acts import Proof, Record
from services.cli.seed.cast import HOME, LEAD, STAFF
from services.cli.seed.moments import YEAR, working_moment
from services.cli.seed.register import Entry

TITLES = {
    "evidence_base": "Evidence base and agreed guidelines", "outcome_measures": "Outcome measures and baseline",
    "annual_plan": "Annual plan {year}", "audit": "Audit of care against standards, {year}",
    "public_report": "Annual public report {year}", "patient_involvement": "Patient and carer panel: how it decides",
}  # fmt: skip
YEARLY = ("annual_plan", "audit", "public_report")
LASTING = ("evidence_base", "outcome_measures")
KINDS = (*LASTING, *YEARLY)


def proofs(chance: Random, networks: Sequence[Entry], start: date) -> list[Proof]:
    """What the managed networks had on *start*: two in three all of it, the others with a gap or two."""
    return [proof for network in networks if network.stage == "managed" for proof in _kept(chance, network, start)]


def renewals(chance: Random, kept: Sequence[Proof], now: datetime) -> list[Record]:
    """How each network renews what it has for a year: mostly in time, sometimes weeks late, sometimes not at all."""
    yearly: dict[str, list[Proof]] = {}
    for proof in kept:
        if proof.kind in YEARLY:
            yearly.setdefault(proof.network, []).append(proof)
    return [act for network, found in yearly.items() for act in _renewed(chance, network, found, now)]


def recorded(network: str, kinds: Sequence[str], moment: datetime, by: str) -> Record:
    """The act of recording evidence of the same day."""
    return Record(moment=moment, by=by, proofs=tuple(_proof(network, kind, moment.date()) for kind in kinds))


def _kept(chance: Random, network: Entry, start: date) -> Iterator[Proof]:
    gaps = 0 if network.name == HOME or chance.random() < 0.65 else chance.randint(1, 3)
    missing = set(chance.sample(KINDS, gaps))
    panel = ["patient_involvement"] if chance.random() < 0.5 else []
    yearly = start - timedelta(days=chance.randint(10, 340))
    for kind in (*KINDS, *panel):
        dated = yearly if kind in YEARLY else start - timedelta(days=chance.randint(10, 600))
        if kind not in missing:
            yield _proof(network.name, kind, dated)


def _renewed(chance: Random, network: str, found: Sequence[Proof], now: datetime) -> Iterator[Record]:
    late = chance.randint(4, 45) if chance.random() < 0.2 else chance.randint(-30, -3)
    never = chance.random() < 0.2
    moment = working_moment(chance, found[0].review_by + timedelta(days=-12 if network == HOME else late))
    if now - YEAR < moment < now and (network == HOME or not never):
        yield recorded(network, [proof.kind for proof in found], moment, LEAD if network == HOME else STAFF)


def _proof(network: str, kind: str, dated: date) -> Proof:
    title, lasts = TITLES[kind].format(year=dated.year), timedelta(days=365 if kind in YEARLY else 1095)
    return Proof(network, kind, title, _link(network, kind, dated.year), dated, dated + lasts)


def _link(network: str, kind: str, year: int) -> str:
    words = "".join(c for c in network.lower().replace(" ", "-") if c.isascii() and (c.isalnum() or c == "-"))
    return f"https://papers.example/{words[:60]}/{kind.replace('_', '-')}-{year}.pdf"
