"""What the register says of changes of services and what they mean for the workforce."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from shared.contracts import State, contract, topic


class ImpactState(BaseModel):
    """What a service change means for one staff group; `wte` has one decimal and may be negative."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    staff_group: str
    wte: float
    training: str
    people: int
    from_on: date


class ServiceChangeState(State):
    """A change of a service that a network proposes and approves, with its workforce impact.

    `status` is proposed, declined, approved, in_force or withdrawn; `approved_by` are the people whose approval stands.
    """

    network_id: str
    title: str
    description: str
    from_on: date
    status: str
    impacts: list[ImpactState]
    approved_by: list[str]


SERVICE_CHANGES = topic("registry.service-changes")
SERVICE_CHANGE_PROPOSED = contract(
    SERVICE_CHANGES,
    "networks.registry.service-change.proposed.v1",
    ServiceChangeState,
    "A change was proposed.",
)
SERVICE_CHANGE_CHANGED = contract(
    SERVICE_CHANGES, "networks.registry.service-change.changed.v1", ServiceChangeState, "A proposal was changed."
)
SERVICE_CHANGE_AGREED = contract(
    SERVICE_CHANGES,
    "networks.registry.service-change.agreed.v1",
    ServiceChangeState,
    "A lead approved a service change that needs another's approval too.",
)
SERVICE_CHANGE_APPROVED = contract(
    SERVICE_CHANGES,
    "networks.registry.service-change.approved.v1",
    ServiceChangeState,
    "A network approved a service change.",
)
SERVICE_CHANGE_DECLINED = contract(
    SERVICE_CHANGES, "networks.registry.service-change.declined.v1", ServiceChangeState, "A lead declined a proposal."
)
SERVICE_CHANGE_STARTED = contract(
    SERVICE_CHANGES, "networks.registry.service-change.started.v1", ServiceChangeState, "A service change is in force."
)
SERVICE_CHANGE_MOVED = contract(
    SERVICE_CHANGES, "networks.registry.service-change.moved.v1", ServiceChangeState, "Another network took it over."
)
SERVICE_CHANGE_DROPPED = contract(
    SERVICE_CHANGES,
    "networks.registry.service-change.dropped.v1",
    ServiceChangeState,
    "A change was withdrawn.",
)
