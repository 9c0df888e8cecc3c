"""The command line, `tidings`: it alone sees every service."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services.cli import data, desk, documents, serve
from shared.config import load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Tidings.")
Json = Annotated[bool, typer.Option("--json", help="Answer for programs.")]


@app.command("serve")
def serve_command(
    service: Annotated[str | None, typer.Argument(help="One service, or gateway; all if left out.")] = None,
) -> None:
    """Serve until stopped."""
    serve.run(load_settings(), service)


@app.command()
def token(
    as_: Annotated[str, typer.Option("--as", help="The e-mail address of whose token this is.")],
    scope: Annotated[list[str] | None, typer.Option(help="What it may be used for; may be repeated.")] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it lives.")] = 90,
    json: Json = False,
) -> None:
    """Make a personal token for the API."""
    asyncio.run(data.make_token(load_settings(), as_, scope or ["read", "write"], days, as_json=json))


@app.command("import")
def import_command(
    what: Annotated[str, typer.Argument(help="networks")],
    file: Annotated[Path, typer.Argument(help="A CSV file or a workbook (.xlsx, .xls, .ods).")],
    as_: Annotated[str, typer.Option("--as", help="The e-mail address of the member of staff who imports.")],
    dry_run: Annotated[bool, typer.Option(help="Only say what would happen.")] = False,
    reason: Annotated[str, typer.Option(help="Stands in the history of every network.")] = "",
    errors: Annotated[Path | None, typer.Option(help="Where to write the wrong rows, each with its reason.")] = None,
    as_it_stands: Annotated[
        bool, typer.Option(help="Take a register over: stages pass no gate. At most 5,000 rows; without --errors.")
    ] = False,
    json: Json = False,
) -> None:
    """Import a file: all rows or none."""
    from services.cli.imports import import_file

    asyncio.run(
        import_file(
            load_settings(), what, file, as_, dry_run=dry_run, reason=reason, errors=errors,
            as_it_stands=as_it_stands, as_json=json,
        )
    )  # fmt: skip


@app.command("export")
def export_command(
    what: Annotated[str, typer.Argument(help="networks")],
    file: Annotated[Path, typer.Argument(help="Where to write it: CSV, or a workbook (.xlsx).")],
) -> None:
    """Export a list as a file."""
    asyncio.run(data.export_file(load_settings(), what, file))


@app.command("dead-letters")
def dead_letters(
    action: Annotated[str, typer.Argument(help="list or replay")] = "list",
    service: Annotated[str | None, typer.Option(help="Only this service's.")] = None,
    key: Annotated[str | None, typer.Option(help="Only this key's.")] = None,
    json: Json = False,
) -> None:
    """List the messages that could not be handled, or have them handled again."""
    asyncio.run(desk.dead_letters(load_settings(), action, service, key, as_json=json))


@app.command()
def replay(
    service: Annotated[str | None, typer.Option(help="Only this service's.")] = None,
    key: Annotated[str | None, typer.Option(help="Only this key's.")] = None,
    json: Json = False,
) -> None:
    """Have dead letters handled again (short for `dead-letters replay`)."""
    asyncio.run(desk.dead_letters(load_settings(), "replay", service, key, as_json=json))


@app.command()
def doctor(json: Json = False) -> None:
    """Say whether every part that the settings name answers, and what waits."""
    raise typer.Exit(asyncio.run(desk.doctor(load_settings(), as_json=json)))


@app.command()
def demo(
    seed_only: Annotated[bool, typer.Option("--seed-only", help="Load the demonstration register and stop.")] = False,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="How many times faster than life.")] = 1,
    minutes: Annotated[float, typer.Option(min=0.1, max=120, help="How much of the day to play.")] = 15,
) -> None:
    """Play a lifelike quarter of an hour of changes against the running system."""
    from services.cli.play import demo as play

    asyncio.run(play(load_settings(), seed_only=seed_only, speed=speed, minutes=minutes))


@app.command()
def bench(json: Json = False) -> None:
    """Measure, beside the bare parts."""
    from benchmarks.__main__ import main as measure

    measure(as_json=json)


@app.command()
def vapid(json: Json = False) -> None:
    """Make a key for TIDINGS_PUSH_KEY, with which browser notifications are signed."""
    documents.print_push_key(as_json=json)


@app.command()
def keys(json: Json = False) -> None:
    """Print TIDINGS_SECRET, made now if it is not set, and the keys that are made of it for services."""
    documents.print_keys(load_settings(), as_json=json)


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the whole API."""
    documents.print_openapi(load_settings())


@app.command()
def asyncapi() -> None:
    """Print the AsyncAPI document of all messages."""
    documents.print_asyncapi(load_settings())


def main() -> None:
    """Run the command line; an error that has a sentence is shown as that sentence."""
    from shared.errors import Problem

    try:
        app()
    except Problem as problem:
        raise SystemExit(f"{problem.title}: {problem.detail}") from None


if __name__ == "__main__":
    main()
