"""What pages are made of: words, counts, charts, the desk's order, and headers that refuse."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.datastructures import FormData

from services.gateway.assets import FOLDER, Assets
from services.gateway.clients import Refused
from services.gateway.pages.alerts import grouped
from services.gateway.pages.charts import bars, heat
from services.gateway.pages.desk import _groups, _looked_at, _written
from services.gateway.pages.forms import error_list, error_of
from services.gateway.rendering import count, day, happened, marked, security_headers, words

pytestmark = pytest.mark.fast


def test_items_of_the_desk_stand_by_care_group_with_the_pinned_ones_apart() -> None:
    items = [
        {"id": name, "care_group": group, "pinned": name == "a"}
        for name, group in (("a", "renal"), ("b", "renal"), ("c", "stroke"), ("d", ""))
    ]
    found = [(name, [item["id"] for item in group]) for name, group in _groups(items)]
    assert found == [("", ["a"]), (":renal", ["b"]), (":stroke", ["c"]), (":", ["d"])]


def test_headline_as_the_message_has_it_is_none_of_staffs_own() -> None:
    item = {"said": "Aims changed"}
    assert _written(FormData([("headline", "Aims changed"), ("text", "More")]), item) == {
        "headline": "",
        "text": "More",
    }
    assert _written(FormData([("headline", "Ours")]), item) == {"headline": "Ours"}
    assert _written(FormData([("press", "up")]), item) == {}


def test_what_was_announced_since_takes_the_place_of_words_only_where_that_was_shown() -> None:
    since = {"message_id": "m2", "text": "Study day is cancelled"}
    item = {"said": "Study day", "since": since}
    assert _looked_at(item, "m2", "take") == {"headline": "Study day is cancelled", "text": ""}
    assert _looked_at({**item, "said": since["text"]}, "m2", "take") == {"headline": "", "text": ""}
    long = {**item, "since": {**since, "text": "x" * 300}}
    assert _looked_at(long, "m2", "take")["headline"] == "x" * 199 + "…"
    assert _looked_at(item, "m1", "take") == {} and _looked_at(item, "m2", "keep") == {}


def test_alerts_stand_by_network_with_the_unread_first() -> None:
    read, unread = {"network_name": "A", "read": True}, {"network_name": "B", "read": False}
    groups = grouped([read, unread, {**read, "network_name": "B"}])
    assert [(group["name"], group["unread"]) for group in groups] == [("B", 1), ("A", 0)]
    assert groups[0]["items"][0] is unread


def test_a_service_s_refusal_is_said_above_the_form_and_beside_the_field_in_the_same_words() -> None:
    document = {"errors": [{"field": "population", "message": "Input should be a valid integer"}]}
    errors = error_list(Refused(422, document), {"population": "Population served"})
    assert errors == [{"text": "Population served: Enter a whole number", "href": "#population"}]
    assert error_of(errors, "population") == {"text": errors[0]["text"]}
    assert error_of(errors, "name") is None


def test_what_a_service_says_for_programs_is_said_to_people_as_people_speak() -> None:
    errors = [
        {"field": "kind", "message": "Input should be 'meeting', 'course' or 'stand'"},
        {"field": "wte", "message": "Input should be a valid decimal"},
        {"field": "email", "message": "value is not a valid email address: it has no @"},
        {"field": "email", "message": "Input should be ''"},
        {"field": "body", "message": "is not known; use the ODS codes that /api/bodies lists."},
    ]
    said = [error["text"] for error in error_list(Refused(422, {"errors": errors}), {})]
    assert said == [
        "Kind: Choose meeting, course or stand", "Wte: Enter a number",
        "Email: Enter an e-mail address such as name@organisation.example", "Body: is not known.",
    ]  # fmt: skip
    gone = Refused(404, {"detail": "There is no such person; search for their name under /api/people."})
    assert error_list(gone, {})[0]["text"] == "There is no such person."


def test_a_chart_states_its_finding_and_a_matrix_counts_its_gaps() -> None:
    assert (
        bars("Networks by stage", {"managed": 2, "emerging": 5})["title"] == "Networks by stage: most are emerging (5)"
    )
    drawn = heat({"stroke": {"Q31": 3}, "cancer": {"Q31": 1, "Q32": 0}}, {"Q31": "North West", "Q32": "Yorkshire"})
    assert drawn["gaps"] == 2
    assert [cell["shade"] for cell in drawn["rows"][1]["cells"]] == [4, 0]
    assert bars("Networks by stage", {})["rows"] == []


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (words("lead_manager"), "Lead manager"), (words("sexual health and HIV"), "Sexual health and HIV"),
        (happened("networks.registry.network.created.v1"), "Network created"), (day("2026-11-23"), "23 November 2026"),
        (day("not a day"), ""), (count(1, "network"), "1 network"), (count(1204, "copy", "copies"), "1,204 copies"),
    ],
)  # fmt: skip
def test_codes_days_and_numbers_are_written_as_people_write_them(said: str, shown: str) -> None:
    assert said == shown


@pytest.mark.parametrize(
    ("text", "marks", "shown"),
    [
        ("Stroke & <b>", [[0, 4]], "<mark>Stro</mark>ke &amp; &lt;b&gt;"),
        ("<script>x</script>", [[1, 7], [8, 9]], "&lt;<mark>script</mark>&gt;<mark>x</mark>&lt;/script&gt;"),
        ("Plain", None, "Plain"), ("Ménière’s", [[0, 9]], "<mark>Ménière’s</mark>"),
    ],
)  # fmt: skip
def test_hits_are_marked_and_all_else_is_escaped(text: str, marks: Any, shown: str) -> None:
    assert marked(text, marks) == shown


def test_pages_refuse_foreign_scripts_styles_and_frames() -> None:
    policy = security_headers("abc", secure=True)["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self' 'nonce-abc'" in policy and "frame-ancestors 'none'" in policy


def test_nothing_is_fetched_from_elsewhere_and_no_logo_of_others_is_shipped() -> None:
    text = "".join(path.read_text() for path in FOLDER.rglob("*") if path.suffix in {".css", ".js", ".svg"})
    assert "@font-face" not in text and "assets.nhs.uk" not in text
    assert Assets("A <name> & more").base.startswith("/static/")
