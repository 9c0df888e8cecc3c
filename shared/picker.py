"""A picker: which of all changes a program wants to hear of. Services and live streams understand it alike."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, fields

TYPE_PATTERN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*(\.\*)?")
"""A type of message, or what it begins with: `networks.registry.network.changed.v1`, `networks.registry.*`."""


@dataclass(frozen=True, slots=True)
class Picker:
    """One of each list that is not empty must hold: `types and networks and …`. An empty picker picks everything."""

    types: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    care_groups: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    def matches(self, *, type: str, category: str, care_group: str, audiences: Collection[str]) -> bool:
        """Whether a change of this type and category, which concerns these audiences, is one of those wanted."""
        return (
            (not self.types or any(is_type(pattern, type) for pattern in self.types))
            and (not self.categories or category in self.categories)
            and (not self.networks or any(f"network:{network}" in audiences for network in self.networks))
            and (not self.bodies or any(f"body:{body}" in audiences for body in self.bodies))
            and (not self.care_groups or care_group in self.care_groups or self._group_in(audiences))
        )

    def _group_in(self, audiences: Collection[str]) -> bool:
        return any(f"care_group:{group}" in audiences for group in self.care_groups)

    def as_dict(self) -> dict[str, list[str]]:
        """Field → its list."""
        return {field.name: list(getattr(self, field.name)) for field in fields(self)}

    @property
    def is_empty(self) -> bool:
        """Whether it picks everything."""
        return not any(self.as_dict().values())


def is_type(pattern: str, type: str) -> bool:
    """Whether *pattern* names *type*, or what it begins with."""
    return type.startswith(pattern[:-1]) if pattern.endswith(".*") else type == pattern
