"""What the register keeps: networks, bodies, and projections of who leads them."""

from services.registry.tables.challenges import Challenge, ChallengePost
from services.registry.tables.kept import Row, metadata
from services.registry.tables.networks import Body, Cover, Network
from services.registry.tables.people import Person, Role

__all__ = [
    "Body",
    "Challenge",
    "ChallengePost",
    "Cover",
    "Network",
    "Person",
    "Role",
    "Row",
    "metadata",
]
