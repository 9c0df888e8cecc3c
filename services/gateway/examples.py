"""Examples for the API's document: one for each body and each answer, made from its schema and the field's own words.

Nobody's data: the same field has the same example wherever it stands, so that two examples can be read together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ID = "01935a6e-7c1a-7b52-9d3e-5c1f0a2b4d68"
WORDS: dict[str, Any] = {
    "network_id": "3-counties-cancer-network", "network": "3-counties-cancer-network", "body": "Q31", "bodies": ["Q31"],
    "add_bodies": ["Q32"], "remove_bodies": ["Q31"],
    "sha": "Q31", "shas": ["Q31"], "name": "Cheshire Stroke Network", "network_name": "Cheshire Stroke Network",
    "title": "Annual report", "code": "Q31", "care_group": "stroke", "care_groups": ["stroke"],
    "slug": "cheshire-stroke-network", "aliases": ["Cheshire Stroke"], "host": "RXA", "population": 1_000_000,
    "web": "https://stroke.example", "email": "network@stroke.example", "url": "https://hooks.example/tidings",
    "link": "https://papers.example/report", "aims": "Stroke care of one standard across the county.",
    "reason": "Agreed at the October board.", "headline": "Cheshire Stroke Network has a new lead manager",
    "sentence": "No annual report is in date", "path": "/networks/cheshire-stroke-network", "q": "stroke",
    "text": "We meet on the first Tuesday of the month.", "note": "Seen.", "why": "You follow this network.",
    "place": "Town hall, Chester", "town": "Chester", "postcode": "CH1 2AB", "because": "It covers North West.",
    "person_name": "Ada Example", "by_name": "Ada Example", "professions": ["nurse"], "interests": ["stroke"],
    "type": "networks.example.thing.changed.v1", "password": "a long and unusual sentence",
    "present": "a long and unusual sentence", "address": "reader@mail.example", "recipient": "reader@mail.example",
    "zone": "Europe/London", "scopes": ["networks:read"], "key": "stroke", "token": "a-token-from-a-mail",
    "made": f"{ID}.20261123.signature", "number": 1, "revision": 7, "total": 1, "count": 1, "next": None,
    "etag": '"7"', "headers": {"content-type": "application/json"}, "staff_group": "nursing", "wte": 2.5,
    "endpoint": "https://push.example/browser", "from_on": "2027-04-01", "type_": "disease", "cursor": None,
    "kinds": ["audit"], "message_id": ID, "standard_id": "lead_nurse", "months": 12, "kind": "annual_report",
    "question": "Who takes over at night?", "or_evidence": "annual_report", "auth": "c2VjcmV0", "p256dh": "cHVibGlj",
    "networks": ["3-counties-cancer-network"], "ids": ID, "organisation": "RXA", "roles": ["lead_manager"],
    "mend": "/networks/{slug}/standards", "categories": ["governance"], "types": ["networks.registry.*"],
    "capacity": 40,
}  # fmt: skip
FORMATS = {
    "date": "2026-11-23", "date-time": "2026-11-23T14:02:07Z", "time": "09:00:00", "uuid": ID,
    "email": "network@stroke.example", "uri": "https://stroke.example",
}  # fmt: skip
KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
}  # fmt: skip
DEEPEST = 7


class Examples:
    """Examples of the schemas of one document."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        """*schemas* is what references point into."""
        self._schemas = schemas

    def of(self, schema: Mapping[str, Any], name: str = "", depth: int = 0) -> Any:
        """An example of *schema*, the field *name* of something."""
        if "$ref" in schema:
            return self.of(self._schemas[schema["$ref"].rpartition("/")[2]], name, depth)
        if options := schema.get("anyOf") or schema.get("oneOf"):
            return self._one_of(options, name, depth)
        if (said := _said(schema, name)) is not None:
            return said
        kind = _kind(schema)
        if kind == "array":
            return self._list(schema, name, depth)
        if kind == "object":
            return self._object(schema, depth)
        return _plain(kind, schema, name)

    def _one_of(self, options: Any, name: str, depth: int) -> Any:
        """Of the first that is something."""
        chosen = next((each for each in options if each.get("type") != "null"), options[0])
        return self.of(chosen, name, depth)

    def _list(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        if depth > DEEPEST:
            return []
        if fixed := schema.get("prefixItems"):
            return [self.of(each, name, depth + 1) for each in fixed]
        item = self.of(schema.get("items", {}), name.removesuffix("s"), depth + 1)
        return [item] * max(1, int(schema.get("minItems", 1)))

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        required = schema.get("required", [])
        wanted = schema.get("properties", {}) if depth <= DEEPEST else {n: schema["properties"][n] for n in required}
        found = {field: self.of(each, field, depth + 1) for field, each in wanted.items()}
        more = schema.get("additionalProperties")
        if not found and isinstance(more, dict):
            key = self.of({"type": "string", **schema.get("propertyNames", {})}, "key")
            found = {key: self.of(more, "", depth + 1)}
        return found


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "object")
    return str(kind if isinstance(kind, str) else kind[0])


def _said(schema: Mapping[str, Any], name: str) -> Any:
    """What the schema itself gives, or the field's word where it is of the schema's kind; None where neither."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("examples"):
        return schema["examples"][0]
    word = WORDS.get(name)
    kind = KINDS.get(_kind(schema), ())
    if word is None or not isinstance(word, kind) or (isinstance(word, bool) and kind is not bool):
        return None
    if "format" in schema or kind is dict or (kind is list and _kind(schema.get("items", {})) != "string"):
        return None
    return None if isinstance(word, str) and len(word) < schema.get("minLength", 0) else word


def _plain(kind: str, schema: Mapping[str, Any], name: str) -> Any:
    """An example of what is neither a list nor an object."""
    if kind == "string":
        return FORMATS.get(schema.get("format", "")) or _text(schema, name)
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    return {"boolean": False, "null": None}[kind]


def _text(schema: Mapping[str, Any], name: str) -> str:
    if name == "id" or name.endswith("_id"):
        return ID
    if name.endswith(("_at", "time", "since")):
        return FORMATS["date-time"]
    if name.endswith("_name"):
        return str(WORDS["person_name"])
    return ("A few words " * 4)[: min(11, schema.get("maxLength", 11))].strip().ljust(schema.get("minLength", 0), ".")
