"""Changing membership. A command changes rows, records history and publishes; it never commits."""

from services.membership.commands.accounts import (
    ask_for_reset,
    change_password,
    first_account_link,
    make_first_account,
    reset_password,
    set_password,
)
from services.membership.commands.email_changes import ask_for_email, confirm_email, withdraw_email
from services.membership.commands.erasure import erase_person
from services.membership.commands.identities import recognise
from services.membership.commands.invitations import (
    accept_invitation,
    invite,
    resend_invitation,
    withdraw_invitation,
)
from services.membership.commands.networks import know_networks
from services.membership.commands.organisations import add_organisation, change_organisation, load_reference
from services.membership.commands.people import add_people, add_person, change_person
from services.membership.commands.proofs import require_code, require_password
from services.membership.commands.roles import add_roles, end_role, give_role, join_network, leave_network
from services.membership.commands.second_factors import (
    begin_second_factor,
    confirm_second_factor,
    remove_second_factor,
    use_code,
)
from services.membership.commands.sign_ins import note_sign_in
from services.membership.commands.standing import require_whole
from services.membership.commands.successions import merge_roles, part_roles, split_roles
from services.membership.commands.tokens import is_noted, make_own_token, make_token, note_use, withdraw_token

__all__ = [
    "accept_invitation",
    "add_organisation",
    "add_people",
    "add_person",
    "add_roles",
    "ask_for_email",
    "ask_for_reset",
    "begin_second_factor",
    "change_organisation",
    "change_password",
    "change_person",
    "confirm_email",
    "confirm_second_factor",
    "end_role",
    "erase_person",
    "first_account_link",
    "give_role",
    "invite",
    "is_noted",
    "join_network",
    "know_networks",
    "leave_network",
    "load_reference",
    "make_first_account",
    "make_own_token",
    "make_token",
    "merge_roles",
    "note_sign_in",
    "note_use",
    "part_roles",
    "recognise",
    "remove_second_factor",
    "require_code",
    "require_password",
    "require_whole",
    "resend_invitation",
    "reset_password",
    "set_password",
    "split_roles",
    "use_code",
    "withdraw_email",
    "withdraw_invitation",
    "withdraw_token",
]
