"""What docker-compose.yml says of Tidings' own services, told for programs on this machine.

The file is the one description of the scaled system. Here its variables are filled in as Compose does, and only
addresses are rewritten: what a container reaches by name, a program on this machine reaches on 127.0.0.1.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parent.parent / "docker-compose.yml"
IMAGE = "tidings"
VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:?[-?])([^}]*))?\}|(\w+))")


class NotSet(Exception):
    """A variable that the file demands is not set."""


@dataclass(frozen=True)
class Program:
    """One service of the file: what it runs, in which environment, and whether it ends by itself.

    `data` names its folder: the volume that it has there, which others may share, else its own.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    once: bool
    data: str = ""


def programs(variables: Mapping[str, str], file: Path = FILE) -> list[Program]:
    """Tidings' own services in the file's order, variables filled in. Raises NotSet."""
    return [_program(name, said, variables) for name, said in _own(file).items()]


def served(file: Path = FILE) -> list[str]:
    """The names of those that keep running and answer on a port."""
    return [name for name, said in _own(file).items() if not _ends_by_itself(said)]


def filled_in(text: str, variables: Mapping[str, str]) -> str:
    """*text* with ${NAME}, ${NAME:-default} and ${NAME:?message} replaced, `$$` being a dollar. Raises NotSet."""

    def value(found: re.Match[str]) -> str:
        dollar, braced, kind, rest, bare = found.groups()
        if dollar:
            return "$"
        known = variables.get(braced or bare)
        if known is not None and (known or not (kind or "").startswith(":")):
            return known
        if kind and kind.endswith("?"):
            raise NotSet(f"{braced} {rest}")
        return rest or ""

    return VARIABLE.sub(value, text)


def rewritten(text: str, addresses: Mapping[str, str]) -> str:
    """*text* with each address of the composed network replaced by the one that *addresses* names for it."""
    for inside, outside in addresses.items():
        text = re.sub(rf"(?<![\w.-]){re.escape(inside)}(?!\d)", outside.replace("\\", r"\\"), text)
    return text


def _own(file: Path) -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text())["services"]
    return {name: said for name, said in services.items() if said["image"].partition(":")[0] == IMAGE}


def _ends_by_itself(said: dict[str, Any]) -> bool:
    return said.get("restart") == "no"


def _program(name: str, said: dict[str, Any], variables: Mapping[str, str]) -> Program:
    environment = {key: filled_in(str(value), variables) for key, value in said["environment"].items()}
    command = shlex.split(filled_in(said["command"], variables))
    volumes = (volume.partition(":") for volume in said.get("volumes", ()))
    data = next((volume for volume, _, there in volumes if there == "/data"), name)
    return Program(name, command, environment, once=_ends_by_itself(said), data=data)
