"""The register's routes, by noun: parse, authorise, call one command or query."""

from services.registry.api import (
    bodies,
    challenges,
    evidence,
    graphs,
    history,
    imports,
    leads,
    lifecycle,
    links,
    networks,
    overlaps,
    searches,
    service_changes,
    stages,
    standards,
)

routers = [
    imports.router,
    history.router,
    networks.router,
    lifecycle.router,
    leads.router,
    bodies.router,
    challenges.router,
    links.router,
    graphs.router,
    overlaps.router,
    service_changes.router,
    searches.router,
    standards.asking,
    standards.router,
    evidence.router,
    stages.router,
]
