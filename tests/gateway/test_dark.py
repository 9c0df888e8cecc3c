"""The dark stylesheet: everything that has a colour on a light page has one on a dark page, and can be read there."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from services.gateway import dark
from services.gateway.assets import LIGHT, Assets
from services.gateway.pages import charts
from services.gateway.pictures import parts

pytestmark = pytest.mark.fast
GATEWAY = Path(dark.__file__).parent
SHEETS = "".join((GATEWAY / "static" / name).read_text() for name in LIGHT)
DRAWN = re.compile(r"""(?:fill|stroke)="[^"]*#[0-9a-f]{3,6}[^"]*\"""")
WHITE_ON_DEEP = frozenset({"#fff", "#ffffff"})


def contrast(one: str, other: str) -> float:
    """Of two colours, from 1 to 21."""
    low, high = sorted(dark.luminance(dark.shade(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", sorted(set(re.findall(r"[;{]color:(#[0-9a-f]{3,6})", SHEETS)) - WHITE_ON_DEEP))
def test_what_is_written_can_be_read_on_the_dark_page_and_on_what_lies_on_it(colour: str) -> None:
    if dark.luminance(dark.shade(colour)) < dark.PALE:
        assert min(contrast(dark.ink(colour), ground) for ground in dark.GROUNDS.values()) >= 4.5


def test_a_dark_tag_can_be_read() -> None:
    rules = re.findall(r"\.nhsuk-tag(?:--[a-z-]+)?\{([^}]*background-color:#[^}]*)\}", SHEETS)
    tags = [
        (re.findall(r"background-color:(#\w+)", rule)[0], ink)
        for rule in rules
        for ink in re.findall(r"(?:^|;)color:(#\w+)", rule)
    ]
    assert len(tags) >= 9
    for ground, ink in tags:
        assert contrast(dark.ground(ground), dark.ink(ink)) >= 4.5, (ground, ink)


def test_the_focus_is_yellow_with_black_also_in_the_dark() -> None:
    made = dark.dark("a:focus{background-color:#ffeb3b;color:#212b32}a:not(:focus){color:#212b32}")
    assert made.startswith("a:focus{background-color:#ffeb3b;color:#212b32}")
    assert "a:not(:focus){color:#212b32}" not in made


def test_buttons_keep_their_ground_and_white_on_it() -> None:
    assert dark.dark(".b{background-color:#007f3b;color:#fff}") == ".b{background-color:#007f3b;color:#fff}"


def test_only_colours_are_said_again_so_that_no_width_comes_back() -> None:
    made = dark.dark(
        "@media print{a{color:#000}}.c{border-bottom:1px solid #d8dde0;padding:4px}.c:last-child{border:0}"
    )
    assert re.fullmatch(r"\.c\{border-bottom-color:#[0-9a-f]{6}\}", made)


def test_every_colour_of_a_picture_has_its_dark_one() -> None:
    """Pictures have their colours as attributes, which the derived rules do not reach."""
    drawn = {colour for path in (GATEWAY / "templates").rglob("*.html") for found in DRAWN.findall(path.read_text())
             for colour in re.findall(r"#[0-9a-f]{3,6}", found)}  # fmt: skip
    drawn |= {style.stroke for style in parts.STYLES.values()} | set(charts.OUTCOMES.values()) | {charts.TAKEN}
    ours = (GATEWAY / "static" / "dark.css").read_text()
    assert {colour for colour in drawn if f'="{colour}"]' not in ours} == set()


def test_numbers_in_the_dark_coverage_matrix_can_be_read() -> None:
    ours = (GATEWAY / "static" / "dark.css").read_text()
    shades = re.findall(r'\.tidings-heat \[data-shade="\d"\]\{background-color:(#\w+)', ours)
    assert len(shades) == charts.SHADES == len(set(shades))
    for ground, ink in product(shades[:3], ["#eaebeb"]):
        assert contrast(ground, ink) >= 4.5
    assert min(contrast(shades[3], "#fff"), contrast(shades[4], "#fff")) >= 4.5


def test_the_dark_sheet_is_served_with_what_is_derived_before_what_is_ours() -> None:
    served = Assets("Tidings").content("dark.css").decode()
    assert served.index(".nhsuk-header") < served.index(":root{color-scheme:dark}")
