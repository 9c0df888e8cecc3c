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
from services.registry.queries.facets import facets_of
from services.registry.queries.history import fields_of, history_count, history_page
from services.registry.queries.leads import leads_of, led_networks
from services.registry.queries.links import link_at, linked, links_page, links_shown
from services.registry.queries.networks import (
    all_networks,
    matching,
    network_at,
    network_id_at,
    networks_page,
)
from services.registry.queries.past import Past, Stood, network_as_of, past_facets, past_page, register_at

__all__ = [
    "Between",
    "Past",
    "Stood",
    "all_networks",
    "bodies",
    "challenge_at",
    "challenges_matching",
    "challenges_page",
    "challenges_shown",
    "difference_of",
    "differences_page",
    "facets_of",
    "fields_of",
    "history_count",
    "history_page",
    "leads_of",
    "led_networks",
    "link_at",
    "linked",
    "links_page",
    "links_shown",
    "matching",
    "network_as_of",
    "network_at",
    "network_id_at",
    "networks_page",
    "past_facets",
    "past_page",
    "posts_page",
    "register_at",
]
