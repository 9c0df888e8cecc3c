"""How the command `tidings` begins, before anything else is loaded."""

from __future__ import annotations

import sys

from shared.heap import begin_in_large_pages


def main() -> None:
    """Run the command line; what serves has its memory in large pages."""
    if sys.argv[1:2] == ["serve"]:
        begin_in_large_pages()
    from services.__main__ import main as run_command

    run_command()
