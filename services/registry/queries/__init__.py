"""Reading the register."""

from services.registry.queries.bodies import bodies
from services.registry.queries.challenges import (
    challenge_at,
    challenges_matching,
    challenges_page,
    challenges_shown,
    posts_page,
)
from services.registry.queries.differences import Between, difference_of, differences_page
from services.registry.queries.directory import Asked, Found, columns_called, found
from services.registry.queries.dry_run import dry_run
from services.registry.queries.effects import effects
from services.registry.queries.evidence import evidence_page, evidence_shown
from services.registry.queries.facets import all_alike, counted, sum_counts, to_be_summed
from services.registry.queries.graphs import care_group_graph, neighbourhood
from services.registry.queries.history import fields_of, history_page
from services.registry.queries.leads import leads_of, led_networks, led_since, question_in
from services.registry.queries.links import link_at, linked, links_page, links_shown
from services.registry.queries.marks import marks_of, spans
from services.registry.queries.needs import needs
from services.registry.queries.networks import all_networks, merged_at, network_at, network_id_at
from services.registry.queries.overlaps import overlaps_page, overlaps_shown
from services.registry.queries.past import Past, Stood, network_as_of, past_counts, past_page, register_at
from services.registry.queries.pathways import pathway
from services.registry.queries.questions import Question
from services.registry.queries.searches import as_meant, matched_by, search_at, searches_of
from services.registry.queries.service_changes import (
    service_change_at,
    service_change_shown,
    service_changes_matching,
    service_changes_page,
    service_changes_shown,
    staff_groups,
)
from services.registry.queries.standards import (
    met_or_not,
    network_standards,
    standard_at,
    standard_shown,
    standards_shown,
)
from services.registry.queries.workforce import Wanted, workforce

__all__ = [
    "Asked",
    "Between",
    "Found",
    "Past",
    "Question",
    "Stood",
    "Wanted",
    "all_alike",
    "all_networks",
    "as_meant",
    "bodies",
    "care_group_graph",
    "challenge_at",
    "challenges_matching",
    "challenges_page",
    "challenges_shown",
    "columns_called",
    "counted",
    "difference_of",
    "differences_page",
    "dry_run",
    "effects",
    "evidence_page",
    "evidence_shown",
    "fields_of",
    "found",
    "history_page",
    "leads_of",
    "led_networks",
    "led_since",
    "link_at",
    "linked",
    "links_page",
    "links_shown",
    "marks_of",
    "matched_by",
    "merged_at",
    "met_or_not",
    "needs",
    "neighbourhood",
    "network_as_of",
    "network_at",
    "network_id_at",
    "network_standards",
    "overlaps_page",
    "overlaps_shown",
    "past_counts",
    "past_page",
    "pathway",
    "posts_page",
    "question_in",
    "register_at",
    "search_at",
    "searches_of",
    "service_change_at",
    "service_change_shown",
    "service_changes_matching",
    "service_changes_page",
    "service_changes_shown",
    "spans",
    "staff_groups",
    "standard_at",
    "standard_shown",
    "standards_shown",
    "sum_counts",
    "to_be_summed",
    "workforce",
]
