"""The routes of membership, by noun: parse, authorise, call one command or query."""

from services.membership.api import (
    accounts,
    email_changes,
    internal,
    invitations,
    me,
    organisations,
    people,
    role_batches,
    roles,
    second_factor,
)

routers = [
    roles.router, role_batches.router, people.router, organisations.router, me.router, second_factor.router,
    accounts.router, email_changes.router, email_changes.asking, invitations.router, invitations.asking,
    internal.asking, internal.router,
]  # fmt: skip
