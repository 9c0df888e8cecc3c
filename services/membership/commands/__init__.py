"""Changing membership. A command changes rows, records history and publishes; it never commits."""

from services.membership.commands.accounts import (
    change_password,
    first_account_link,
    make_first_account,
    set_password,
)
from services.membership.commands.erasure import erase_person
from services.membership.commands.networks import know_networks
from services.membership.commands.organisations import add_organisation, change_organisation, load_reference
from services.membership.commands.people import add_people, add_person, change_person
from services.membership.commands.roles import add_roles, end_role, give_role, join_network, leave_network
from services.membership.commands.second_factors import (
    begin_second_factor,
    confirm_second_factor,
    remove_second_factor,
    use_code,
)
from services.membership.commands.successions import merge_roles, split_roles
from services.membership.commands.tokens import make_own_token, make_token, withdraw_token

__all__ = [
    "add_organisation",
    "add_people",
    "add_person",
    "add_roles",
    "begin_second_factor",
    "change_organisation",
    "change_password",
    "change_person",
    "confirm_second_factor",
    "end_role",
    "erase_person",
    "first_account_link",
    "give_role",
    "join_network",
    "know_networks",
    "leave_network",
    "load_reference",
    "make_first_account",
    "make_own_token",
    "make_token",
    "merge_roles",
    "remove_second_factor",
    "set_password",
    "split_roles",
    "use_code",
    "withdraw_token",
]
