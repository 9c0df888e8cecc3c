"""What the forms of an import say to the register."""

from __future__ import annotations

import pytest
from starlette.datastructures import FormData

from services.gateway.pages.imports import TwoColumns, matching, reading

pytestmark = pytest.mark.fast
WAS = [("was_sheet", "North"), ("was_heading_row", "3")]


def test_columns_are_matched_and_what_no_column_says_is_the_same_for_every_row() -> None:
    form = FormData([
        ("column-0", "name"), ("column-1", ""), ("column-12", "type"), ("fixed-type", "disease"),
        ("fixed-care_group", "stroke"), ("fixed-level", ""),
    ])  # fmt: skip
    assert matching(form) == {"columns": {"name": 0, "type": 12}, "fixed": {"care_group": "stroke"}}


def test_two_columns_of_one_field_are_refused_at_the_second() -> None:
    with pytest.raises(TwoColumns) as refused:
        matching(FormData([("column-0", "care_group"), ("column-3", "care_group")]))
    said = "Choose something else for this column: another one is “care group” already"
    assert refused.value.errors == [{"text": said, "href": "#column-3"}]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ([("sheet", "North"), ("heading_row", "3")], {}),
        ([("sheet", "North"), ("heading_row", "5")], {"heading_row": 5}),
        ([("sheet", "South"), ("heading_row", "5")], {"sheet": "South"}),
        ([("encoding", "Windows"), ("heading_row", "3")], {"encoding": "Windows"}),
        ([("heading_row", "many")], {}),
    ],
)
def test_a_file_is_read_again_only_where_something_differs(
    given: list[tuple[str, str]], asked: dict[str, object]
) -> None:
    assert reading(FormData([*WAS, *given])) == asked
