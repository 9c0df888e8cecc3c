"""The routes of membership, by noun: parse, authorise, call one command or query."""

from services.membership.api import internal, me, organisations, people, roles, second_factor

routers = [
    roles.router, people.router, organisations.router, me.router, second_factor.router,
    internal.asking, internal.router,
]  # fmt: skip
