"""What `registry` says: networks and, in time, their links, challenges and service changes."""

from __future__ import annotations

from datetime import date

from shared.contracts import State, contract, topic


class NetworkState(State):
    """A network's record. `bodies` and `host` are ODS codes."""

    slug: str
    name: str
    aliases: list[str]
    type: str
    care_group: str
    level: str
    purpose: str
    side: str
    bodies: list[str]
    host: str
    population: int | None
    web: str
    email: str
    aims: str
    started_on: date | None
    stage: str
    archived: bool


NETWORKS = topic("registry.networks", compacted=True)
NETWORK_CREATED = contract(
    NETWORKS, "networks.registry.network.created.v1", NetworkState, "A network was put on the register."
)
NETWORK_CHANGED = contract(
    NETWORKS, "networks.registry.network.changed.v1", NetworkState, "A network's record was changed."
)
NETWORK_ARCHIVED = contract(
    NETWORKS, "networks.registry.network.archived.v1", NetworkState, "A network was taken off the register."
)
