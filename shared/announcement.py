"""Whom a message concerns, and how to say it.

This is the whole of what notifications, the oversight feed and the newsletter know of a change. A new kind
of change needs an announcement and nothing else; neither service is edited for it.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Category = Literal["governance", "events", "news", "discussion", "resources", "workforce"]
Significance = Literal["minor", "normal", "major"]
PUBLIC_CATEGORIES: frozenset[Category] = frozenset({"governance", "events", "news", "resources"})
"""What is told to a network in one of these is public, as the network's page is; discussions and workforce are not."""
Channel = Literal["off", "weekly", "daily", "live", "mail"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
"""From the weakest to the strongest: who could be told in several ways is told once, in the strongest."""
KINDS: tuple[Category, ...] = get_args(Category)
Headline = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Concerns(BaseModel):
    """Whom a change concerns; each list may be empty. Names of bodies are ODS codes."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    networks: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    care_groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    staff: bool = False
    everyone: bool = False

    def audiences(self) -> list[str]:
        """Each key once: `network:<id>`, `body:<code>`, `care_group:<name>`, `person:<id>`, `staff`, `everyone`."""
        keys = [f"network:{network}" for network in self.networks]
        keys += [f"body:{body}" for body in self.bodies]
        keys += [f"care_group:{group}" for group in self.care_groups]
        keys += [f"person:{person}" for person in self.people]
        keys += ["staff"] * self.staff + ["everyone"] * self.everyone
        return list(dict.fromkeys(keys))


class Announcement(BaseModel):
    """How a change is told: one plain sentence, its kind and weight, the page that shows it, whom it concerns.

    A headline names a person only as `{person:<id>}`: readers fill the name in from their own projection. `about` is
    the id of the network that it is about, where that network itself is not told.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    headline: Headline
    category: Category = "news"
    significance: Significance = "normal"
    path: Annotated[str, Field(pattern=r"^/[^\s]*$", max_length=500)]
    concerns: Concerns = Concerns()
    about: Annotated[str, Field(max_length=64)] = ""

    @property
    def network(self) -> str:
        """The network by which readers group it, choose for it and mute it; may be empty."""
        return self.concerns.networks[0] if self.concerns.networks else self.about
