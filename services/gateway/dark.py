"""The dark stylesheet: the colours of the light ones again, each as it looks on a dark page.

It is derived and not written, so that the design system has no twin that is forgotten at its next release. A colour's
part decides: what is written or drawn stands out from a dark page as much as it did from a light one; pale grounds
become deep ones, and grounds that are deep already (buttons, the header) stay, with what is written on them. Focus is
yellow with black in both.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator
from functools import lru_cache

Shade = tuple[float, float, float]
"""Red, green and blue, from 0 to 1."""
GROUNDS = {"#fff": "#1c252c", "#ffffff": "#1c252c", "#f0f4f5": "#12191e", "#d8dde0": "#0c1115"}
"""The greys of the page and of what lies on it."""
FOCUS = "#ffeb3b"
KEPT = frozenset({FOCUS, "#ffb81c"})
"""Yellows that mean focus and warning, in both."""
CARD = "#1c252c"
TINT = 1.45
"""How much a tinted ground, such as a tag's, stands out from a card."""
LEAST_INK, MOST_INK, LEAST_EDGE, MOST_EDGE = 7.0, 13.0, 1.6, 9.0
MOST_HUED = 9.0
"""Of ink that has a hue, which would else be lost in white."""
GREY = 0.25
"""Below this saturation a colour is a grey."""
MOST_SATURATED = 0.7
"""Light colours glare beyond this."""
PALE = 0.4
"""From this luminance on a colour is pale."""
COLOURED = re.compile(r"#[0-9a-f]{3,8}\b|transparent|currentcolor|inherit", re.IGNORECASE)
ELSEWHERE = re.compile(r"print|forced-colors|high-contrast|screen\\0")
SIDES = re.compile(r"border(?:-(?:top|right|bottom|left))?(?:-color)?$")


def dark(css: str) -> str:
    """The rules of a light stylesheet that colour something, with their dark colours, in their order."""
    return "".join(_rules(re.sub(r"/\*.*?\*/|@charset[^;]*;", "", css, flags=re.DOTALL)))


def _rules(css: str) -> Iterator[str]:
    for head, body in _blocks(css):
        if not head.startswith("@"):
            inside = ";".join(_declarations(head, body))
        elif head.startswith(("@media", "@supports", "@container")) and not ELSEWHERE.search(head):
            inside = "".join(_rules(body))
        else:
            inside = ""
        if inside:
            yield f"{head}{{{inside}}}"


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """(what stands before the brace, what stands in the braces), of the outermost ones."""
    start = opened = depth = 0
    for found in re.finditer(r"[{}]", css):
        if found[0] == "{":
            opened = opened if depth else found.end()
            depth += 1
            continue
        depth -= 1
        if not depth:
            yield css[start : opened - 1].strip(), css[opened : found.start()]
            start = found.end()


def _declarations(selector: str, body: str) -> Iterator[str]:
    is_focus = FOCUS in body or ":focus" in re.sub(r":not\([^)]*\)", "", selector)
    for name, value in re.findall(r"([a-z-]+)\s*:\s*([^;]+)", body):
        kind = _kind(name)
        said = " ".join(COLOURED.findall("transparent" if kind == "ground" and value == "none" else value))
        if kind and said:
            shown = said if is_focus else " ".join(_as(kind, part) for part in said.split())
            yield f"{_longhand(name)}:{shown}{'!important' if '!important' in value else ''}"


def _kind(name: str) -> str:
    if name in ("background", "background-color"):
        return "ground"
    if name in ("color", "fill"):
        return "ink"
    return "edge" if name == "stroke" or SIDES.match(name) else ""


def _longhand(name: str) -> str:
    return name if name in ("color", "fill", "stroke") or name.endswith("-color") else f"{name}-color"


def _as(kind: str, colour: str) -> str:
    return {"ground": ground, "ink": ink, "edge": edge}[kind](colour) if colour.startswith("#") else colour


@lru_cache(500)
def ground(colour: str) -> str:
    """What lies under something: pale becomes deep, and stays tinted; deep stays."""
    if colour in KEPT or luminance(shade(colour)) < PALE:
        return colour
    return GROUNDS.get(colour) or standing_out(colour, TINT)


@lru_cache(500)
def ink(colour: str) -> str:
    """What is written: as far from a dark page as from a light one. Pale stands on what is deep, and stays."""
    if colour in KEPT or luminance(shade(colour)) >= PALE:
        return colour
    most = MOST_INK if colorsys.rgb_to_hls(*shade(colour))[2] < GREY else MOST_HUED
    return standing_out(colour, min(most, max(LEAST_INK, _contrast(colour))))


@lru_cache(500)
def edge(colour: str) -> str:
    """A line: as plain, or as faint, as on a light page."""
    return standing_out(colour, min(MOST_EDGE, max(LEAST_EDGE, _contrast(colour))))


def standing_out(colour: str, contrast: float) -> str:
    """*colour* in its hue, as light as it takes for its contrast with a card to be *contrast*."""
    wanted = contrast * (luminance(shade(CARD)) + 0.05) - 0.05
    hue, _, saturation = colorsys.rgb_to_hls(*shade(colour))
    saturation = min(saturation, MOST_SATURATED)
    least, most = 0.0, 1.0
    for _ in range(16):
        middle = (least + most) / 2
        is_darker = luminance(colorsys.hls_to_rgb(hue, middle, saturation)) < wanted
        least, most = (middle, most) if is_darker else (least, middle)
    return "#" + "".join(f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, most, saturation))


def _contrast(colour: str) -> float:
    """With white."""
    return 1.05 / (luminance(shade(colour)) + 0.05)


def shade(colour: str) -> Shade:
    """Of `#fff` or `#ffffff`."""
    digits = colour[1:] if len(colour) > 4 else "".join(digit * 2 for digit in colour[1:])
    red, green, blue = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    return red, green, blue


def luminance(of: Shade) -> float:
    """The relative luminance, as WCAG 2 has it, from 0 to 1."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in of)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
