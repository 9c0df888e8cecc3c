"""Reasons: why somebody is told, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ROUTES_THROUGH = {
    "network": ("role", "member", "follow"), "body": ("officer",), "care_group": ("interest",), "person": ("person",),
    "staff": ("staff",), "everyone": ("everyone",),
}  # fmt: skip
"""By which routes a kind of audience reaches people."""


def sentence(route: str, audience: str, network_name: str) -> str:
    """Why somebody was told, as they read it."""
    name = audience.partition(":")[2]
    network = network_name or "this network"
    return {
        "person": "because it concerns you",
        "role": f"because you hold a role in {network}",
        "member": f"because you are a member of {network}",
        "follow": f"because you follow {network}",
        "officer": f"because you are an officer of {name}",
        "interest": f"because you are interested in {name.replace('_', ' ')}",
        "staff": "because you are staff",
        "everyone": "because it is for everyone",
    }[route]


def reasons(audiences: Iterable[str], called: Mapping[str, str]) -> dict[str, str]:
    """`<route>|<audience>` → the sentence, for every way in which these audiences reach people."""
    return {
        f"{route}|{audience}": sentence(route, audience, called.get(audience.removeprefix("network:"), ""))
        for audience in audiences
        for route in ROUTES_THROUGH[audience.partition(":")[0]]
    }
