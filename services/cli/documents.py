"""`tidings openapi` and `asyncapi`: the published contracts, from the code itself; `keys` and `vapid`: keys to set."""

from __future__ import annotations

import secrets

import orjson

from services.cli.composition import Composition
from shared.config import Settings
from shared.keys import keys_of


def print_openapi(settings: Settings) -> None:
    """Print the merged OpenAPI document."""
    from services.gateway.openapi import merged

    composition = Composition(settings)
    found = {name: app.openapi() for name, app in composition.apps.items()}  # type: ignore[attr-defined]
    print(orjson.dumps(merged(settings, found), option=orjson.OPT_INDENT_2).decode())


def print_asyncapi(settings: Settings) -> None:
    """Print the AsyncAPI document."""
    from services.gateway.asyncapi import document

    composition = Composition(settings)
    takes = {name: app.openapi()["x-takes"] for name, app in composition.apps.items()}  # type: ignore[attr-defined]
    print(orjson.dumps(document(settings, takes), option=orjson.OPT_INDENT_2).decode())


def print_push_key(*, as_json: bool) -> None:
    """Print a new key for browser notifications, and how to set it."""
    from services.notifications.delivery.pushes.sealing import new_private_key

    key = new_private_key()
    print(orjson.dumps({"TIDINGS_PUSH_KEY": key}).decode() if as_json else f"TIDINGS_PUSH_KEY={key}")


def print_keys(settings: Settings, *, as_json: bool) -> None:
    """Print the secret of *settings*, or a new one, and what is made of it, as lines for an environment file."""
    found = keys_of(settings.secret or secrets.token_hex(32))
    lines = "\n".join(f"{name}={value}" for name, value in found.items())
    print(orjson.dumps(found).decode() if as_json else lines)
