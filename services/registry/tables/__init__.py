"""What the register keeps: networks, their links, bodies, standards and evidence, and projections of who leads what."""

from services.registry.tables.batches import Batch, BatchEffect
from services.registry.tables.challenges import Challenge, ChallengePost
from services.registry.tables.evidence import Evidence
from services.registry.tables.imports import Effect, Import, ImportPiece, ImportRow, Matching, Verdict
from services.registry.tables.kept import Row, metadata
from services.registry.tables.links import OPEN, SYMMETRIC, Link
from services.registry.tables.merges import Merge
from services.registry.tables.networks import Address, Body, Cover, Network
from services.registry.tables.overlaps import Overlap
from services.registry.tables.people import Person, Profession, Role
from services.registry.tables.search import facet_counts, search_words
from services.registry.tables.searches import SavedMatch, SavedSearch, ShownColumns
from services.registry.tables.service_changes import ApprovalNeed, Decision, Impact, ServiceChange, StaffGroup
from services.registry.tables.standards import Assessment, Edition, Standard, Standing, Vacancy
from services.registry.tables.versions import HealthVersion, Version

__all__ = [
    "OPEN",
    "SYMMETRIC",
    "Address",
    "ApprovalNeed",
    "Assessment",
    "Batch",
    "BatchEffect",
    "Body",
    "Challenge",
    "ChallengePost",
    "Cover",
    "Decision",
    "Edition",
    "Effect",
    "Evidence",
    "HealthVersion",
    "Impact",
    "Import",
    "ImportPiece",
    "ImportRow",
    "Link",
    "Matching",
    "Merge",
    "Network",
    "Overlap",
    "Person",
    "Profession",
    "Role",
    "Row",
    "SavedMatch",
    "SavedSearch",
    "ServiceChange",
    "ShownColumns",
    "StaffGroup",
    "Standard",
    "Standing",
    "Vacancy",
    "Verdict",
    "Version",
    "facet_counts",
    "metadata",
    "search_words",
]
