"""What the register says of saved searches."""

from __future__ import annotations

from shared.contracts import State, contract, topic


class SavedSearchState(State):
    """A network, or some that `import_id` brought, came to match saved searches. Whose they are, and what they look
    for, is their owners' alone."""

    network_id: str = ""
    import_id: str = ""


SAVED_SEARCHES = topic("registry.saved-searches")
SAVED_SEARCH_MATCHED = contract(
    SAVED_SEARCHES,
    "networks.registry.saved-search.matched.v1",
    SavedSearchState,
    "A network came to match what people had saved a search for.",
)
