"""What the register says of networks: their records, and what becomes of them."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from shared.contracts import SHARED, State, contract, topic


class NetworkState(State):
    """A network's record. `bodies` and `host` are ODS codes, `merged_into` and `split_from` the ids of networks."""

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
    merged_into: str = ""
    split_from: str = ""
    former_slugs: list[str] = Field(default_factory=list)


NETWORKS = topic("registry.networks", partitions=SHARED, compacted=True)
NETWORK_CREATED = contract(
    NETWORKS, "networks.registry.network.created.v1", NetworkState, "A network was put on the register."
)
NETWORK_CHANGED = contract(
    NETWORKS, "networks.registry.network.changed.v1", NetworkState, "A network's record was changed."
)
NETWORK_STAGE_CHANGED = contract(
    NETWORKS, "networks.registry.network.stage-changed.v1", NetworkState, "A network moved to another stage."
)
NETWORK_ARCHIVED = contract(
    NETWORKS, "networks.registry.network.archived.v1", NetworkState, "A network was taken off the register."
)
NETWORK_RESTORED = contract(
    NETWORKS, "networks.registry.network.restored.v1", NetworkState, "An archived network was put back on the register."
)
NETWORK_RENAMED = contract(
    NETWORKS,
    "networks.registry.network.renamed.v1",
    NetworkState,
    "A network has a new name, and perhaps a new address.",
)


class SuccessionState(State):
    """What goes over from one network (`source`) to another (`target`). `kind` is merge, split or parting.

    Of a merge it is everything; `roles` says whether a leading role that somebody holds in the target already is
    held by both (`all`) or only where it was vacant (`vacant`). Of a split it is the roles named by id: `moved` ones
    end in the source, `copied` ones go on there too.
    """

    kind: str
    source: str
    target: str
    roles: str
    moved: list[str]
    copied: list[str]


SUCCESSIONS = topic("registry.successions")
NETWORK_MERGED = contract(
    SUCCESSIONS, "networks.registry.network.merged.v1", SuccessionState, "A network became part of another."
)
NETWORK_DIVIDED = contract(
    SUCCESSIONS, "networks.registry.network.divided.v1", SuccessionState, "A part of a network became one of its own."
)
NETWORK_PARTED = contract(
    SUCCESSIONS,
    "networks.registry.network.parted.v1",
    SuccessionState,
    "A network that had become part of another is one of its own again.",
)
