"""How an import is told: once for the whole file. Each network's own change is recorded, and told to nobody."""

from __future__ import annotations

from services.registry.tables import Import
from shared.announcement import Announcement, Concerns
from shared.contracts import Contract
from shared.contracts.registry import IMPORT_APPLIED, IMPORT_JUDGED, IMPORT_REVERTED, ImportState
from shared.outbox import Change, change


def applied(record: Import) -> Change:
    """The rows are on the register: staff and the bodies whose networks they concern are told."""
    parts = [f"{number:,} {word}" for number, word in ((record.new, "new"), (record.changed, "changed")) if number]
    headline = f"{_networks(record)} imported from {record.file}: {', '.join(parts)}"
    return _said(IMPORT_APPLIED, record, headline, _everybody(record), by=record.applied_by)


def reverted(record: Import) -> Change:
    """The rows are off the register again."""
    kept = f"; {record.kept:,} changed since and left as they are" if record.kept else ""
    headline = f"The import of {_networks(record)} from {record.file} was undone{kept}"
    return _said(IMPORT_REVERTED, record, headline, _everybody(record), by=record.undone_by)


def judged(record: Import, *, took_long: bool) -> Change:
    """The file is ready to be looked at; told to who sent it, unless they have hardly had time to look away."""
    look = f"{record.wrong:,} rows are wrong" if record.wrong else "no row is wrong"
    headline = f"{record.file} is read and ready to be looked at: {look}"
    return _said(
        IMPORT_JUDGED, record, headline, Concerns(people=(record.uploaded_by,)), by=record.uploaded_by,
        minor=not took_long,
    )  # fmt: skip


def _said(
    contract: Contract, record: Import, headline: str, concerns: Concerns, *, by: str, minor: bool | None = None
) -> Change:
    path = f"/networks/imports/{record.id}"
    announcement = Announcement(headline=headline[:300], category="governance", path=path, concerns=concerns)
    return change(
        contract, ImportState.model_validate(record, from_attributes=True), key=record.id, announcement=announcement,
        actor=by, reason=record.reason, minor=record.minor if minor is None else minor,
    )  # fmt: skip


def _networks(record: Import) -> str:
    count = record.new + record.changed
    return f"{count:,} network{'' if count == 1 else 's'}"


def _everybody(record: Import) -> Concerns:
    return Concerns(bodies=tuple(record.bodies), staff=True)
