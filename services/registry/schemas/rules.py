"""What standards may need, as data. `services/registry/rules.py` judges a network by it.

| `needs` | is met when |
| --- | --- |
| `role` | at least `at_least` people hold one of `roles`, or evidence of the kind `or_evidence` is in date |
| `evidence` | evidence of the kind `kind` is in date; it lasts `lasts_days` unless it says its own day of review |
| `field` | the field `field` of the network's record is filled in |
| `link` | it has at least `at_least` links to other networks, of one of `kinds` or, without, of any kind |
| `professions` | those who belong to it have at least `at_least` different professions |

Nobody who holds a role that is needed starts a clock: it strikes after each of `escalate_after_days`.

Evidence is recorded by people, or comes by itself: a message of a type in `messages`, of whichever service, whose key
is the network's id (or whose state names it in `network_id` or `networks`) is evidence dated on its day. A `review_by`
in its state is taken; its headline and page become the title and the link. No code knows these types of message.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
MessageType = Annotated[str, Field(pattern=r"^networks(\.[a-z][a-z0-9-]*){3}\.v[0-9]+$", max_length=120)]
RecordField = Literal["aims", "aliases", "bodies", "email", "host", "population", "started_on", "web"]
AtLeast = Annotated[int, Field(ge=1, le=50)]
Days = Annotated[int, Field(ge=1, le=3_650)]


def _rising(days: tuple[int, ...]) -> tuple[int, ...]:
    if list(days) != sorted(set(days)):
        raise ValueError("must rise from one to the next, such as 30, 60, 90")
    return days


Escalations = Annotated[tuple[Days, ...], Field(max_length=6), AfterValidator(_rising)]


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NeedsRole(_Rule):
    """Somebody holds a role."""

    needs: Literal["role"]
    roles: Annotated[tuple[Code, ...], Field(min_length=1, max_length=9)]
    at_least: AtLeast = 1
    or_evidence: Code | Literal[""] = ""
    escalate_after_days: Escalations = (30, 60, 90)


class NeedsEvidence(_Rule):
    """Evidence of a kind is in date."""

    needs: Literal["evidence"]
    kind: Code
    lasts_days: Days | None = 365
    messages: Annotated[tuple[MessageType, ...], Field(max_length=20)] = ()


class NeedsField(_Rule):
    """A field of the record is filled in."""

    needs: Literal["field"]
    field: RecordField


class NeedsLink(_Rule):
    """It is linked to other networks."""

    needs: Literal["link"]
    kinds: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    at_least: AtLeast = 1


class NeedsProfessions(_Rule):
    """Several professions take part."""

    needs: Literal["professions"]
    at_least: AtLeast


Rule = Annotated[NeedsRole | NeedsEvidence | NeedsField | NeedsLink | NeedsProfessions, Field(discriminator="needs")]


_RULE: TypeAdapter[Rule] = TypeAdapter(Rule)


def whole(kept: Any) -> Rule:
    """A rule from its data, with what that left out."""
    return _RULE.validate_python(kept)


def kinds_of(rule: Rule) -> list[str]:
    """The kinds of evidence that could meet *rule*."""
    if isinstance(rule, NeedsEvidence):
        return [rule.kind]
    return [rule.or_evidence] if isinstance(rule, NeedsRole) and rule.or_evidence else []


def subjects_of(rule: Rule) -> set[str]:
    """What *rule* looks at: a change of anything else cannot matter to it."""
    subjects = {f"evidence:{kind}" for kind in kinds_of(rule)}
    if isinstance(rule, NeedsRole):
        subjects |= {f"role:{role}" for role in rule.roles}
    if isinstance(rule, NeedsField):
        subjects.add(f"field:{rule.field}")
    if isinstance(rule, NeedsLink):
        subjects.add("links")
    if isinstance(rule, NeedsProfessions):
        subjects.add("professions")
    return subjects
