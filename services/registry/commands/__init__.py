"""Changing the register. A command changes rows, records history and publishes; it never commits."""

from services.registry.commands.bodies import load_bodies, require_bodies
from services.registry.commands.imports import import_networks
from services.registry.commands.naming import folded, slug_of
from services.registry.commands.networks import (
    archive_network,
    change_network,
    create_network,
    locked,
    new_network,
    said,
    state_of,
)

__all__ = [
    "archive_network",
    "change_network",
    "create_network",
    "folded",
    "import_networks",
    "load_bodies",
    "locked",
    "new_network",
    "require_bodies",
    "said",
    "slug_of",
    "state_of",
]
