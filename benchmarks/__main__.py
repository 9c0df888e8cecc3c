"""`make bench`: every measurement, a table for people and `benchmarks/out.json` for programs."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import traceback
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure

NOUNS = (
    "start", "directory", "search", "past", "standards", "path", "carriage", "fanout", "rows", "inbox", "million",
    "newsletter", "webhooks", "imports", "reach", "pages",
)  # fmt: skip
OUT = Path(__file__).parent / "out.json"


def main(*, nouns: list[str] | None = None, as_json: bool = False) -> None:
    """Measure *nouns* (all when None), print, and write `out.json`. One that fails is said, and the exit is 1."""
    figures: list[Figure] = []
    failed: dict[str, str] = {}
    for noun in nouns or NOUNS:
        print(f"measuring {noun} …", file=sys.stderr, flush=True)
        try:
            figures += importlib.import_module(f"benchmarks.{noun}").measure()
        except Exception as error:
            traceback.print_exc()
            failed[noun] = f"{type(error).__name__}: {error}"
    document = {
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "figures": [figure.as_json() for figure in figures],
        "failed": failed,
    }
    OUT.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    if as_json:
        print(orjson.dumps(document).decode())
    else:
        _print(figures, failed)
    if failed:
        raise SystemExit(1)


def _print(figures: list[Figure], failed: dict[str, str]) -> None:
    table = Table(title=f"{os.cpu_count()} cores, everything on them, Python {platform.python_version()}")
    for heading in ("what", "measured", "aim", "met", "beside"):
        table.add_column(heading, justify="right" if heading == "measured" else "left")
    for figure in figures:
        met = {None: "", True: "yes", False: "NO"}[figure.met]
        table.add_row(figure.what, f"{figure.value:,.1f} {figure.unit}", figure.aim, met, figure.beside)
    console = Console(width=160)
    console.print(table)
    for noun, reason in failed.items():
        console.print(f"{noun} could not be measured: {reason}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nouns", nargs="*", help=f"of {', '.join(NOUNS)}; all when left out")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    main(nouns=chosen.nouns or None, as_json=chosen.json)
