"""Changing the register. A command changes rows, records history and publishes; it never commits."""

from services.registry.commands.bodies import load_bodies, require_bodies
from services.registry.commands.challenge_replies import reply_to_challenge
from services.registry.commands.challenge_turns import challenges_due, turn_challenges
from services.registry.commands.challenges import raise_challenge
from services.registry.commands.imports import import_networks
from services.registry.commands.link_moves import move_links
from services.registry.commands.links import add_link, change_link, confirm_link, drop_link
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
    "add_link",
    "archive_network",
    "challenges_due",
    "change_link",
    "change_network",
    "confirm_link",
    "create_network",
    "drop_link",
    "folded",
    "import_networks",
    "load_bodies",
    "locked",
    "move_links",
    "new_network",
    "raise_challenge",
    "reply_to_challenge",
    "require_bodies",
    "said",
    "slug_of",
    "state_of",
    "turn_challenges",
]
