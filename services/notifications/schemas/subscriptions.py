"""Subscriptions of programs: webhooks, how they fare, and the log of what was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from services.notifications.schemas.alerts import CareGroup, Id
from shared.announcement import Category
from shared.boundary import ChangeBody
from shared.fields import Name
from shared.picker import TYPE_PATTERN

Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Form = Literal["full", "signal"]
Type = Annotated[str, Field(pattern=f"^{TYPE_PATTERN.pattern}$", max_length=120)]
Body = Annotated[str, Field(pattern=r"^[A-Z0-9]{3,10}$")]
State = Literal["waiting", "retrying", "delivered", "failed", "withdrawn"]
Types = Annotated[
    list[Type], Field(max_length=50, default_factory=list, description="`networks.registry.*`, or whole.")
]
Networks = Annotated[list[Id], Field(max_length=500, default_factory=list, description="Networks' ids.")]
Bodies = Annotated[list[Body], Field(max_length=50, default_factory=list, description="ODS codes of oversight bodies.")]
CareGroups = Annotated[list[CareGroup], Field(max_length=50, default_factory=list)]
Categories = Annotated[list[Category], Field(max_length=6, default_factory=list)]


class SubscriptionFields(ChangeBody):
    """A webhook's fields. One of each list that is not empty must hold; empty lists pick everything."""

    name: Name | None = None
    url: Url | None = None
    form: Form = "signal"
    types: Types
    networks: Networks
    bodies: Bodies
    care_groups: CareGroups
    categories: Categories


class NewSubscription(SubscriptionFields):
    """A webhook to be added. `owner` `staff` makes it the team's: it outlives whoever made it."""

    name: Name
    url: Url
    owner: Literal["me", "staff"] = "me"


class SecretOut(BaseModel):
    """When a secret began to sign, and when it ends (null: it does not)."""

    since: datetime
    until: datetime | None


class Faring(BaseModel):
    """How the deliveries of a webhook go; `counts` has the messages of the last thirty days by state."""

    failures: int
    failing_since: datetime | None
    delivered_at: datetime | None
    paused_until: datetime | None
    counts: dict[str, int]


class Subscription(BaseModel):
    """A webhook. Its secret is shown once, when it is made."""

    id: str
    revision: int
    owner_id: str
    owner_name: str
    name: str
    url: str
    form: str
    types: list[str]
    networks: list[str]
    bodies: list[str]
    care_groups: list[str]
    categories: list[str]
    status: str
    status_reason: str
    status_at: datetime
    secrets: list[SecretOut]
    faring: Faring
    created_at: datetime
    updated_at: datetime


class SubscriptionWithSecret(Subscription):
    """A webhook with its newest secret, `whsec_…`: keep it now, it is not shown again."""

    secret: str


class Rotation(ChangeBody):
    """A new secret; the others go on signing for so many hours (0: they end at once)."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24


class Enabling(ChangeBody):
    """`missed`: send also what happened while it was switched off."""

    missed: bool = False


class Redelivery(ChangeBody):
    """Which messages to send again: from a position (as `position` in a message) or a time, until a time."""

    which: Literal["failed", "missed", "all"] = "failed"
    after: Annotated[str, Field(max_length=60)] = ""
    since: datetime | None = None
    until: datetime | None = None


class Redelivered(BaseModel):
    """How many messages were ordered again. With `more`, go on after `position`."""

    ordered: int
    position: str
    more: bool


class Delivery(BaseModel):
    """A message to one webhook. `status` is the last answer's, null where none came or no try was made."""

    id: str
    message_id: str
    kind: str
    headline: str
    category: str
    type: str
    state: str
    attempts: int
    reason: str
    status: int | None
    next_at: datetime
    ordered_at: datetime
    settled_at: datetime | None
    position: str


class Try(BaseModel):
    """One try: the answer's status, headers and the beginning of its body, or the reason why none came."""

    at: datetime
    status: int | None
    headers: dict[str, str]
    body: str
    milliseconds: int
    reason: str


class Request(BaseModel):
    """What is sent, put together as it would be now: with today's names. Signature and time differ with each try."""

    url: str
    headers: dict[str, str]
    body: str


class WholeDelivery(Delivery):
    """A message with what is sent and every try."""

    request: Request
    tries: list[Try]
