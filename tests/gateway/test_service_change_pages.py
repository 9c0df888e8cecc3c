"""The rows of a workforce impact in a form, and its numbers as bars and tables."""

from __future__ import annotations

import pytest
from starlette.datastructures import FormData

from services.gateway.clients import Refused
from services.gateway.pages.charts import balance
from services.gateway.pages.impacts import as_fields, impact_errors, impacts_in, rows_shown
from services.gateway.pages.workforce import table
from services.gateway.rendering import month, signed

pytestmark = pytest.mark.fast
FORM = FormData([
    ("staff_group-0", ""), ("wte-0", ""), ("staff_group-1", "students"), ("wte-1", "−2,5"), ("wte-3", "+1"),
])  # fmt: skip


def test_empty_rows_are_left_out_and_numbers_are_read_as_people_write_them() -> None:
    assert impacts_in(FORM) == [(1, {"staff_group": "students", "wte": "-2.5"}), (3, {"staff_group": "", "wte": "1"})]


def test_what_is_wrong_with_a_row_is_said_beside_its_field_where_it_stands_on_the_form() -> None:
    errors = [
        {"field": "impacts.1.wte", "message": "Decimal input should have no more than 1 decimal place"},
        {"field": "impacts.0", "message": "say what these people must learn"},
        {"field": "title", "message": "Field required"},
    ]
    assert [(line["text"], line["href"]) for line in impact_errors(Refused(422, {"errors": errors}), FORM)] == [
        ("Row 4, whole-time equivalents: Decimal input should have no more than 1 decimal place", "#wte-3"),
        ("Row 2: say what these people must learn", "#staff_group-1"),
    ]


def test_a_stored_impact_is_shown_again_and_a_row_can_be_added() -> None:
    values = as_fields([{"staff_group": "students", "wte": 1.0, "training": "", "people": 0, "from_on": "2027-04-01"}])
    assert (values["staff_group-0"], values["wte-0"], values["people-0"]) == ("students", 1.0, "")
    assert [list(rows_shown(values)), list(rows_shown(values, 2)), list(rows_shown({}))] == [[0, 1], [0, 1, 2], [0, 1]]


def test_bars_go_both_ways_from_nothing_and_the_title_states_the_finding() -> None:
    chart = balance("Staff", {"nurses": 4.0, "clerks": -2.0, "doctors": 0.0})
    assert chart["title"] == "Staff: most for nurses (+4.0)"
    nurses, doctors, clerks = chart["rows"]
    assert nurses["x"] == chart["zero"] == doctors["x"] and clerks["x"] + clerks["width"] == chart["zero"]
    assert abs(nurses["width"] - 2 * clerks["width"]) <= 1 and doctors["width"] == 0
    assert balance("Staff", {})["title"] == "Staff: no change"


def test_a_table_has_a_cell_for_every_row_and_column() -> None:
    sums = {"gained": 1, "lost": 0, "net": 1, "people": 0}
    rows, columns = [{"value": "a", "name": "A", **sums}], [{"value": v, "name": v, **sums} for v in ("Q31", "2027-04")]
    made = table([{"row": "a", "column": "Q31", **sums}], rows, columns, {"Q31": "North West"})
    assert [column["name"] for column in made["columns"]] == ["North West", "April 2027"]
    assert [bool(cell) for cell in made["rows"][0]["cells"]] == [True, False]


def test_numbers_have_a_sign_and_months_a_name() -> None:
    assert [signed(n) for n in (2.54, -0.4, 0, None, 1234)] == ["+2.5", "−0.4", "0", "0", "+1,234.0"]
    assert [month(m) for m in ("2027-04", "2027-13", "Q31", "")] == ["April 2027", "", "", ""]
