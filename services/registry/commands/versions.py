"""What a version of a network keeps of its state, for lists as they stood on a date."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.registry.commands.naming import words_of
from services.registry.tables import HealthVersion, Version
from services.registry.wording import folded
from shared.contracts.registry import HEALTH, NETWORKS
from shared.versions import keep_versions

AS_THEY_ARE = ("archived", "type", "care_group", "level", "purpose", "side", "stage")


def version_of(state: dict[str, Any]) -> dict[str, Any]:
    """The columns of a version that come from a network's state."""
    said = " ".join([state["name"], *state["aliases"], state["care_group"], state["aims"]])
    return {
        "sort_name": folded(state["name"]), "bodies": spaced(state["bodies"]), "words": spaced(words_of(said)),
        **{name: state[name] for name in AS_THEY_ARE},
    }  # fmt: skip


def spaced(words: Iterable[str]) -> str:
    """*words* with a space on either side of each, so that a whole one or the beginning of one can be looked for."""
    return f" {' '.join(words)} "


keep_versions(NETWORKS.name, Version.__table__, version_of)  # type: ignore[arg-type]
keep_versions(HEALTH.name, HealthVersion.__table__, lambda state: {"health": state["health"]})  # type: ignore[arg-type]
