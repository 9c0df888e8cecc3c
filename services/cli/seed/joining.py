"""A network that is founded in the demonstration's year and becomes part of another, lately enough to take it back.

Its name is invented, as the register's own are not: so the real networks stay as many as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.cli.seed.acts import Act, Found, Join, Merge, Take, Tie
from services.cli.seed.cast import STAFF
from services.cli.seed.moments import at_work
from services.cli.seed.posts import LEADS, Post

PART = "Example Heart Failure Exchange"
WHOLE = "Cheshire and Merseyside Cardiac and Stroke Network"
NEAR = "Greater Manchester and East Cheshire Renal Network"
FIELDS = {
    "type": "disease", "care_group": "cardiovascular", "level": "local", "purpose": "clinical", "side": "provider",
    "bodies": ["Q31"], "aliases": ["Heart failure exchange"], "email": "office@heart-failure-exchange.example",
    "aims": "Nurses and doctors who see people with heart failure tell one another what worked.",
}  # fmt: skip


def joining(held: Sequence[Post], now: datetime) -> list[Act]:
    """Founded, joined, linked, and twelve days ago part of the network of its area; *held* are the posts of others."""
    people = [post.person for post in held if post.network == NEAR and post.until is None and post.role not in LEADS]
    chair, *members = dict.fromkeys(people)

    def moment(days: int) -> datetime:
        return at_work(now - timedelta(days=days), 14)

    return [
        Found(moment=moment(200), by=STAFF, network=PART, fields=FIELDS, reason="Asked for by three trusts"),
        Take(moment=moment(180), by=STAFF, network=PART, person=chair, role="chair"),
        *(Join(moment=moment(170 - place), by=person, network=PART) for place, person in enumerate(members[:4])),
        Tie(moment=moment(150), by=STAFF, network=PART, kind="shares_pathway_with", other=NEAR, care_group="renal"),
        Merge(moment=moment(12), by=STAFF, network=PART, into=WHOLE, reason="Both meet with the same people"),
    ]
