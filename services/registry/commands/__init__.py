"""Changing the register. A command changes rows, records history and publishes; it never commits."""

from services.registry.commands.approvals import approve_service_change, decline_service_change
from services.registry.commands.archiving import archive_network, restore_network
from services.registry.commands.assessing import assess
from services.registry.commands.bodies import require_bodies
from services.registry.commands.challenge_replies import reply_to_challenge
from services.registry.commands.challenge_turns import challenges_due, turn_challenges
from services.registry.commands.challenges import raise_challenge
from services.registry.commands.common_people import end_roles, keep_roles
from services.registry.commands.evidence import add_evidence, change_evidence, record_evidence, retract_evidence
from services.registry.commands.likeness import COMPARED
from services.registry.commands.link_moves import move_links
from services.registry.commands.links import add_link, change_link, confirm_link, drop_link
from services.registry.commands.merging import merge_networks
from services.registry.commands.naming import slug_of
from services.registry.commands.networks import (
    change_network,
    create_network,
    locked,
    new_network,
    said,
    state_of,
)
from services.registry.commands.overlaps import accept_overlap, dismiss_overlap, networks_changed
from services.registry.commands.reference import load_reference
from services.registry.commands.renaming import rename_network
from services.registry.commands.searches import (
    delete_search,
    forget_searches,
    rename_search,
    save_search,
    tell_of_matches,
)
from services.registry.commands.service_change_turns import service_changes_due, turn_service_changes
from services.registry.commands.service_changes import (
    change_service_change,
    propose_service_change,
    withdraw_service_change,
)
from services.registry.commands.splitting import split_network
from services.registry.commands.stages import move_stage
from services.registry.commands.standards import add_standard, change_standard
from services.registry.commands.unmerging import undo_merge
from services.registry.commands.versions import version_of

__all__ = [
    "COMPARED",
    "accept_overlap",
    "add_evidence",
    "add_link",
    "add_standard",
    "approve_service_change",
    "archive_network",
    "assess",
    "challenges_due",
    "change_evidence",
    "change_link",
    "change_network",
    "change_service_change",
    "change_standard",
    "confirm_link",
    "create_network",
    "decline_service_change",
    "delete_search",
    "dismiss_overlap",
    "drop_link",
    "end_roles",
    "forget_searches",
    "keep_roles",
    "load_reference",
    "locked",
    "merge_networks",
    "move_links",
    "move_stage",
    "networks_changed",
    "new_network",
    "propose_service_change",
    "raise_challenge",
    "record_evidence",
    "rename_network",
    "rename_search",
    "reply_to_challenge",
    "require_bodies",
    "restore_network",
    "retract_evidence",
    "said",
    "save_search",
    "service_changes_due",
    "slug_of",
    "split_network",
    "state_of",
    "tell_of_matches",
    "turn_challenges",
    "turn_service_changes",
    "undo_merge",
    "version_of",
    "withdraw_service_change",
]
