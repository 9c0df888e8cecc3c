"""The reference that people read: the API's and the messages' documents as rows, commands and groups."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from services.gateway.rendering import words
from shared.errors import NotFound

DEEPEST = 3
TOKEN = "$TIDINGS_TOKEN"  # noqa: S105 (the name of a variable)
MARKS = re.compile(r"`|\*(?=\w)|(?<=\w)\*")


class NoSuchOperation(NotFound):
    """The API has no operation of this name; see the list of all of them."""


class NoSuchMessage(NotFound):
    """No service publishes a message of this type; see the list of all of them."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the API does."""

    method: str
    path: str
    said: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its name in the document, and in its page's address."""
        return str(self.said["operationId"])

    @property
    def summary(self) -> str:
        """What it does, in the first sentence of its description."""
        whole = str(self.said.get("description") or self.said.get("summary") or self.id)
        return plain(whole.partition("\n")[0].partition(". ")[0].rstrip("."))

    @property
    def noun(self) -> str:
        """What it is about: the first part of its address."""
        return words(self.path.split("/")[1].replace("-", "_"))

    @property
    def body(self) -> tuple[str, Mapping[str, Any]] | None:
        """The first media type of its body, and the content."""
        return next(iter(self.said.get("requestBody", {}).get("content", {}).items()), None)


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation of the document, in its order."""
    for path, item in document["paths"].items():
        for method, said in item.items():
            yield Operation(method.upper(), path, said)


def by_noun(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """The operations of each noun, nouns in order of the alphabet."""
    found: dict[str, list[Operation]] = {}
    for operation in operations(document):
        found.setdefault(operation.noun, []).append(operation)
    return dict(sorted(found.items()))


def operation_of(document: Mapping[str, Any], name: str) -> Operation:
    """The operation called *name*. Raises NoSuchOperation."""
    for operation in operations(document):
        if operation.id == name:
            return operation
    raise NoSuchOperation


def curl(operation: Operation, address: str) -> str:
    """A command that does it; *address* is the API's."""
    path, query = operation.path, []
    for each in operation.said.get("parameters", []):
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", str(each.get("example", "…")))
        elif each["in"] == "query" and each.get("required"):
            query.append(f"{each['name']}={each.get('example', '…')}")
    url = f"{address}{path}{'?' * bool(query)}{'&'.join(query)}"
    lines = [f"curl -X {operation.method} {shlex.quote(url)}", f'-H "Authorization: Bearer {TOKEN}"']
    if operation.body:
        kind, content = operation.body
        lines.append(f"-H {shlex.quote('Content-Type: ' + kind)}")
        if "example" in content:
            lines.append(f"-d {shlex.quote(orjson.dumps(content['example']).decode())}")
        else:
            lines.append("--data-binary @FILE")
    return " \\\n  ".join(lines)


def plain(text: str) -> str:
    """A description without the signs that mark its code."""
    return MARKS.sub("", text)


def pretty(value: Any) -> str:
    """JSON for people."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body, an answer or a message."""

    name: str
    kind: str
    required: bool
    says: str


def fields(schema: Mapping[str, Any], schemas: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[Field]:
    """The fields of *schema*, those of fields within behind a dot."""
    schema = resolved(schema, schemas)
    for name, each in schema.get("properties", {}).items():
        inner = resolved(each, schemas)
        said = str(each.get("description") or inner.get("description") or "")
        says = plain(said.partition("\n\n")[0])
        yield Field(before + name, kind(each, schemas), name in schema.get("required", []), says)
        within = resolved(inner.get("items", {}), schemas) if inner.get("type") == "array" else inner
        if depth < DEEPEST and within.get("properties"):
            yield from fields(within, schemas, f"{before}{name}{'[]' * (within is not inner)}.", depth + 1)


def resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference, or a choice between one thing and null, stands for."""
    if "$ref" in schema:
        return resolved(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    options = [each for each in schema.get("anyOf", schema.get("oneOf", [])) if each.get("type") != "null"]
    return resolved(options[0], schemas) if options else schema


def kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """What a field holds, in words: `text`, `list of text`, `whole number`, `one of: a, b`."""
    if options := schema.get("anyOf", schema.get("oneOf")):
        return " or ".join(dict.fromkeys(kind(each, schemas) for each in options))
    schema = resolved(schema, schemas)
    if "const" in schema:
        return f"“{schema['const']}”" if schema["const"] != "" else "empty"
    if choices := schema.get("enum"):
        return f"one of: {', '.join(str(choice) for choice in choices)}"
    said = schema.get("type", "anything")
    if said == "array":
        return f"list of {kind(schema.get('items', {}), schemas)}"
    if said == "string":
        return _text_kind(schema)
    plain = {"integer": "whole number", "null": "null", "boolean": "true or false", "object": "object"}
    return " or ".join(plain.get(each, each) for each in ([said] if isinstance(said, str) else said))


def _text_kind(schema: Mapping[str, Any]) -> str:
    formats = {"date": "day", "date-time": "moment", "email": "mail address", "uri": "web address", "binary": "file"}
    plain = formats.get(schema.get("format", ""), "text")
    return f"{plain}, at most {schema['maxLength']:,} characters" if "maxLength" in schema else plain
