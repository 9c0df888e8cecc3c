"""The register's routes, by noun: parse, authorise, call one command or query."""

from services.registry.api import bodies, challenges, history, imports, leads, links, networks

routers = [
    imports.router,
    networks.router,
    history.router,
    leads.router,
    bodies.router,
    challenges.router,
    links.router,
]
