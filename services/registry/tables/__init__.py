"""What the register keeps: networks, their links, bodies, and projections of who leads them."""

from services.registry.tables.challenges import Challenge, ChallengePost
from services.registry.tables.kept import Row, metadata
from services.registry.tables.links import OPEN, SYMMETRIC, Link
from services.registry.tables.networks import Body, Cover, Network
from services.registry.tables.people import Person, Role

__all__ = [
    "OPEN",
    "SYMMETRIC",
    "Body",
    "Challenge",
    "ChallengePost",
    "Cover",
    "Link",
    "Network",
    "Person",
    "Role",
    "Row",
    "metadata",
]
