"""Stationery: the sheet that every mail is written on, whichever service writes it.

A service has its own templates, which extend `letter.html`; `styles` puts the sheet's rules onto their elements.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

SHEETS = Path(__file__).parent / "templates"


def templates_in(folder: Path) -> Environment:
    """The templates of a service, and those that all extend."""
    return Environment(
        loader=FileSystemLoader([folder, SHEETS]), autoescape=select_autoescape(["html"]), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, auto_reload=False,
    )  # fmt: skip
