"""Changes of services that networks approve, and what they mean for the workforce."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.tables.kept import Row


class ServiceChange(Row):
    """A change of a service. See `ServiceChangeState`."""

    __tablename__ = "service_changes"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    network_id: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    from_on: Mapped[date]
    status: Mapped[str] = mapped_column(comment="proposed, declined, approved, in_force or withdrawn")
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index("service_changes_of_network", "network_id", "id"),
        Index("service_changes_due", "status", "from_on"),
    )


class Impact(Row):
    """What a change means for one staff group. `tenths` are tenths of a whole-time equivalent, which add up exactly."""

    __tablename__ = "workforce_impacts"

    change_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    staff_group: Mapped[str]
    tenths: Mapped[int]
    training: Mapped[str] = mapped_column(comment="what must be learnt, or empty")
    people: Mapped[int] = mapped_column(comment="how many must learn it")
    from_on: Mapped[date]

    __table_args__ = (Index("impacts_by_staff_group", "staff_group"),)


class Decision(Row):
    """What one lead decided on a change as it stands; a new version of the proposal begins without any."""

    __tablename__ = "service_change_decisions"

    change_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)
    approved: Mapped[bool]
    roles: Mapped[list[str]] = mapped_column(comment="those held then that count for an approval")
    note: Mapped[str]
    decided_at: Mapped[datetime]


class StaffGroup(Row):
    """A staff group: reference data, to which a deployment may add rows."""

    __tablename__ = "staff_groups"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    place: Mapped[int]


class ApprovalNeed(Row):
    """Whose approval a service change needs: somebody with one of the roles. Reference data, like the staff groups."""

    __tablename__ = "approval_needs"

    code: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    roles: Mapped[list[str]]
    place: Mapped[int]
