"""Audiences: who belongs to them, and who of them is told of a change in which form.

`reach` is the one rule; `crowds` counts by it before something is said.
"""

from services.notifications.audience.belonging import (
    ASKED,
    Asked,
    audiences_of,
    belonging,
    keep_only,
    put,
    routes_of,
    sizes,
)
from services.notifications.audience.expected import Crowd, crowds
from services.notifications.audience.reach import Best, Rules, is_told, reach, rules_of
from services.notifications.audience.readers import changed, forgotten, marked
from services.notifications.audience.reasons import reasons, sentence

__all__ = [
    "ASKED", "Asked", "Best", "Crowd", "Rules", "audiences_of", "belonging", "changed", "crowds", "forgotten",
    "is_told", "keep_only", "marked", "put", "reach", "reasons", "routes_of", "rules_of", "sentence", "sizes",
]  # fmt: skip
