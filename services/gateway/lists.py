"""Every list that can be had as a file, by browsers and by programs. A list more is an entry here, and `downloads(…)`
where its page shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from services.gateway.listing import Item, Listing, areas, at, day, moment, page, people, word
from shared.sheets import media_type_of

FORMATS = ("csv", "xlsx")
TYPES = {media_type_of(format_).partition(";")[0]: format_ for format_ in FORMATS}
"""Media type → format."""
PARAMETER = re.compile(r"\{(\w+)\}")
SAID = (
    "As a file with all of its rows: with `.csv` or `.xlsx` at the end of the address, or by `Accept`; "
    "`limit` and `cursor` are not needed then."
)

FACETS = ("type", "care_group", "level", "purpose", "side", "stage", "health", "sha")
_NETWORK = (
    ("Name", at("name")), ("Other names", at("aliases")), ("Type", word("type")), ("Care group", at("care_group")),
    ("Level", word("level")), ("Purpose", word("purpose")), ("Side", at("side")), ("SHA codes", at("bodies")),
    ("Areas covered", areas("bodies")), ("Stage", word("stage")), ("Health", word("health")),
    ("Who leads", people("leads")), ("Host organisation", at("host")), ("Population served", at("population")),
    ("Web address", at("web")), ("E-mail", at("email")), ("Aims", at("aims")), ("Started on", day("started_on")),
    ("Last changed", moment("updated_at")), ("Page", page("slug")),
)  # fmt: skip
_CHALLENGE = (
    ("Subject", at("subject")), ("Asked by", at("challenger.name")), ("To be answered by", at("provider.name")),
    ("State", word("status")), ("Answer by", day("answer_by")), ("Overdue", at("overdue")),
    ("Raised", moment("raised_at")), ("Answered", moment("answered_at")), ("Ended", moment("ended_at")),
    ("How it ended", at("outcome")), ("Who may read it", word("visibility")), ("Lines", at("posts")),
)  # fmt: skip
_SERVICE_CHANGE = (
    ("Title", at("title")), ("Network", at("network.name")), ("State", word("status")), ("From", day("from_on")),
    ("Whole-time equivalents", at("wte")), ("People to be trained", at("people")), ("Description", at("description")),
    ("Proposed by", at("proposed_by_name")), ("Proposed", moment("proposed_at")), ("Approved", moment("approved_at")),
)  # fmt: skip
_OVERLAP = (
    ("Network", at("network.name")), ("Other network", at("other.name")), ("Why", at("why")),
    ("Care group", at("network.care_group")), ("Areas in common", areas("areas")), ("People in common", at("people")),
    ("Likeness of names (%)", at("alike")), ("Score", at("score")), ("State", word("status")),
    ("Why dismissed", at("dismissed.reason")), ("Page", page("network.slug")), ("Other page", page("other.slug")),
)  # fmt: skip

CHOICE = {
    "leads": ("Who leads",), "areas": ("SHA codes", "Areas covered"), "aims": ("Aims",),
    "contact": ("Web address", "E-mail"), "host": ("Host organisation",), "population": ("Population served",),
    "started_on": ("Started on",),
}  # fmt: skip
"""The columns that the directory lets people choose, by the names that it has for them → their headings."""
SUMS = {
    "by_care_group": "Care group", "by_body": "Area", "by_staff_group": "Staff group", "by_month": "Month"
}  # fmt: skip


def _sums(answer: Item) -> Iterable[dict[str, Any]]:
    return [{"of": word, **sum_} for by, word in SUMS.items() for sum_ in answer[by]]


LISTS = {
    "networks": Listing(
        "Networks", "registry", "/networks", _NETWORK, ("q", *FACETS, "as_of", "archived"), choice=CHOICE
    ),
    "leads": Listing("Who leads", "registry", "/leads", (
        ("Network", at("network.name")), ("Who leads", people("leads")), ("Nobody since", day("nobody_since")),
        ("Page", page("network.slug")),
    ), ("q", "care_group", "sha", "role")),
    "members": Listing("Members", "membership", "/networks/{network}/members", (
        ("Name", at("name")), ("Role", word("role")), ("Since", day("from")), ("Until", day("to")),
        ("State", word("status")),
    ), ("role",)),
    "links": Listing("Links", "registry", "/networks/{network}/links", (
        ("Network", at("network.name")), ("Is", word("relation")), ("Other network", at("other.name")),
        ("Care group of the pathway", at("care_group")), ("Since", day("from")), ("Until", day("to")),
        ("State", word("status")), ("Note", at("note")), ("Page", page("other.slug")),
    ), ("kind", "status")),
    "overlaps": Listing("Overlaps", "registry", "/overlaps", _OVERLAP, ("status", "care_group", "sha")),
    "network-overlaps": Listing("Overlaps", "registry", "/networks/{network}/overlaps", _OVERLAP, ("status",)),
    "challenges": Listing("Challenges", "registry", "/challenges", _CHALLENGE, ("sha", "status", "overdue")),
    "network-challenges": Listing(
        "Challenges", "registry", "/networks/{network}/challenges", _CHALLENGE, ("part", "status")
    ),
    "service-changes": Listing(
        "Service changes", "registry", "/service-changes", _SERVICE_CHANGE,
        ("sha", "care_group", "staff_group", "status"),
    ),
    "network-service-changes": Listing(
        "Service changes", "registry", "/networks/{network}/service-changes", _SERVICE_CHANGE, ("status",)
    ),
    "workforce": Listing("Workforce", "registry", "/workforce", (
        ("Added up by", at("of")), ("Which", word("name")), ("Whole-time equivalents gained", at("gained")),
        ("Lost", at("lost")), ("Net", at("net")), ("People to be trained", at("people")),
    ), ("sha", "care_group", "staff_group", "from", "to", "proposed"), rows=_sums),
    "standards": Listing("Standards", "registry", "/standards", (
        ("Standard", at("name")), ("What is missing without it", at("sentence")), ("Severity", word("severity")),
        ("Stages", at("stages")), ("Networks that do not meet it", at("unmet_by")), ("Retired", at("retired")),
        ("Last changed", moment("updated_at")),
    ), ("retired",)),
    "network-standards": Listing("Standards", "registry", "/networks/{network}/standards", (
        ("Standard", at("name")), ("Severity", word("severity")), ("Met", at("met")), ("Since", moment("since")),
        ("Why", at("why")), ("What is missing without it", at("sentence")),
    )),
    "bodies": Listing("Oversight bodies", "registry", "/bodies", (
        ("Code", at("code")), ("Name", at("name")), ("Kind", at("kind")), ("Region", at("region")),
    )),
    "feed": Listing("Oversight feed", "oversight", "/oversight/{body}/feed", (
        ("When (UTC)", moment("time")), ("What", at("headline")), ("Category", word("category")),
        ("Weight", word("significance")), ("Network", at("network_name")), ("Page", at("path")),
    ), ("category",)),
    "history": Listing("History", "registry", "/networks/{network}/history", (
        ("When (UTC)", moment("time")), ("What", at("headline")), ("By", at("actor_name")), ("Reason", at("reason")),
        ("Minor", at("minor")), ("Version", at("revision")),
    )),
}  # fmt: skip
PATHS = frozenset(PARAMETER.sub("{}", listing.path) for listing in LISTS.values())


def with_files(path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    """The operation of a list in the API's document, with the files that it gives; any other as it is."""
    if PARAMETER.sub("{}", path) not in PATHS or "200" not in operation.get("responses", {}):
        return dict(operation)
    answer = operation["responses"]["200"]
    files = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES}
    answer = {**answer, "content": {**answer.get("content", {}), **files}}
    said = f"{operation.get('description', '')}\n\n{SAID}".strip()
    return {**operation, "description": said, "responses": {**operation["responses"], "200": answer}}
