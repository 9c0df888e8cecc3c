"""What the register keeps: networks, their links, bodies, and projections of who leads them."""

from services.registry.tables.challenges import Challenge, ChallengePost
from services.registry.tables.exports import Export, ExportPart
from services.registry.tables.imports import Effect, Import, ImportPiece, ImportRow, Matching, Verdict
from services.registry.tables.kept import Row, metadata
from services.registry.tables.links import OPEN, SYMMETRIC, Link
from services.registry.tables.networks import Address, Body, Cover, Network
from services.registry.tables.overlaps import Belonging, Overlap
from services.registry.tables.people import Person, Role
from services.registry.tables.search import facet_counts, search_words
from services.registry.tables.searches import SavedMatch, SavedSearch
from services.registry.tables.service_changes import ApprovalNeed, Decision, Impact, ServiceChange, StaffGroup
from services.registry.tables.versions import Version

__all__ = [
    "OPEN",
    "SYMMETRIC",
    "Address",
    "ApprovalNeed",
    "Belonging",
    "Body",
    "Challenge",
    "ChallengePost",
    "Cover",
    "Decision",
    "Effect",
    "Export",
    "ExportPart",
    "Impact",
    "Import",
    "ImportPiece",
    "ImportRow",
    "Link",
    "Matching",
    "Network",
    "Overlap",
    "Person",
    "Role",
    "Row",
    "SavedMatch",
    "SavedSearch",
    "ServiceChange",
    "StaffGroup",
    "Verdict",
    "Version",
    "facet_counts",
    "metadata",
    "search_words",
]
