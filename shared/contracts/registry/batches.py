"""What the register says of changes that were made to many networks together."""

from __future__ import annotations

from shared.contracts import State, contract, topic


class BatchState(State):
    """One change of many networks. `kept`: networks changed since, which an undo left alone."""

    status: str
    fields: dict[str, str]
    networks: list[str]
    bodies: list[str]
    kept: int


BATCHES = topic("registry.batches")
BATCH_APPLIED = contract(
    BATCHES, "networks.registry.batch.applied.v1", BatchState, "Many networks were changed together."
)
BATCH_REVERTED = contract(
    BATCHES, "networks.registry.batch.reverted.v1", BatchState, "A change of many networks was undone."
)
BATCH_ANNOUNCED = contract(
    BATCHES, "networks.registry.batch.announced.v1", BatchState, "Something was told to all who hear of many networks."
)
