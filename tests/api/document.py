"""The API's document as the code says it, and a running system to hold it against."""

from __future__ import annotations

import functools
import tempfile
from typing import Any

import orjson

from services.cli.composition import Composition
from services.gateway.openapi import merged
from shared.config import Settings


@functools.cache
def document() -> dict[str, Any]:
    """The merged OpenAPI document; nothing is started for it."""
    settings = Settings(secret="s" * 32, data=tempfile.gettempdir())  # type: ignore[arg-type]
    apps = Composition(settings).apps
    found = merged(settings, {name: app.openapi() for name, app in apps.items()})  # type: ignore[attr-defined]
    return dict(orjson.loads(orjson.dumps(found)))


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of each."""
    return [(method, path, each) for path, item in document()["paths"].items() for method, each in item.items()]
