"""No text is forgotten: what people can write is listed by the API's document and by the pages' own forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from services import gateway
from services.cli.routes import entries
from tests.security.hostile import HOSTILE, Made, harm_in, noun_of
from tests.security.samples import Samples
from tests.security.test_text import ASKED
from tests.security.visiting import Site

TEMPLATES = Path(gateway.__file__).parent / "templates"
NONCE = re.compile(r"'nonce-([\w-]+)'")

# The API

KEYS = frozenset({
    "id", "ids[]", "up_to", "key", "password", "present", "code", "networks[]", "bodies[]", "other_id", "into",
    "provider", "person_id", "moved[]", "copied[]", "network_id", "message_id", "of", "reader", "items[].id",
    "follows[]", "muted[]", "scopes[]", "after", "care_groups[]", "interests[]", "sheet", "host", "sha", "zone", "body",
    "organisation", "mend", "impacts[].staff_group", "impacts[].wte", "endpoint", "postcode", "level", "purpose",
    "side", "stage", "type", "email", "address", "web", "url", "online_url", "path",
})  # fmt: skip
"""Fields that take no text: ids, secrets, codes, names of choices and addresses, each refused unless it is one."""
ELSEWHERE = {
    ("rename", "name"): "networks.name", ("split", "name"): "networks.name", ("split", "aims"): "networks.aims",
    ("split", "aliases[]"): "networks.aliases[]", ("split", "care_group"): "networks.care_group",
    ("batches", "change.aims"): "networks.aims", ("batches", "change.care_group"): "networks.care_group",
    ("batches", "change.link.note"): "links.note", ("batches", "change.link.care_group"): "a care group that there is",
    ("batches", "change.end_link.care_group"): "a care group that there is",
    ("links", "care_group"): "a care group that there is", ("accept", "care_group"): "a care group that there is",
    ("accept", "note"): "links.note", ("accept", "name"): "people.name", ("searches", "care_group"): "searches.q",
    ("dry-run", "name"): "standards.name", ("dry-run", "sentence"): "standards.sentence",
    ("move", "care_group"): "networks.care_group", ("issues", "items[].text"): "items.text",
    ("correct", "headline"): "items.headline", ("correct", "text"): "items.text",
    ("import", "csv"): "test_bodies.py, and every row's name and address as sign-ups.name",
}  # fmt: skip
"""The same text as another field's, and where that is written; or why what is written there stays nowhere."""


def texts_in(document: dict[str, Any], schema: dict[str, Any], at: str = "") -> Iterator[str]:
    """The fields of a body that take any text."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for one in [each for several in ("anyOf", "oneOf", "allOf") for each in schema.get(several, ())]:
        yield from texts_in(document, one, at)
    for name, each in schema.get("properties", {}).items():
        yield from texts_in(document, each, f"{at}.{name}".strip("."))
    if schema.get("type") == "array":
        yield from texts_in(document, schema.get("items", {}), f"{at}[]")
    if schema.get("type") == "string" and not {"enum", "const", "format", "pattern"} & set(schema):
        yield at


def wanted(document: dict[str, Any]) -> set[tuple[str, str]]:
    """(noun, field) of every text that the API takes; a reason is one of every noun."""
    found = set()
    for path, item in document["paths"].items():
        for method in {"post", "patch", "put"} & set(item):
            content = item[method].get("requestBody", {}).get("content", {}).get("application/json")
            named = texts_in(document, content["schema"]) if content else ()
            found |= {(noun_of(path), name) for name in named if name != "reason"}
    return {one for one in found if not {one[1], one[1].rpartition(".")[2]} & KEYS}


def test_harm_was_written_into_every_text_that_the_api_takes(document: dict[str, Any], made: Made) -> None:
    asked = wanted(document)
    assert sorted(asked - made.written - set(ELSEWHERE)) == [], "write it in hostile.py, or say where it stays"
    assert sorted(set(ELSEWHERE) - asked) == [], "there is no such field any more"
    assert {noun for noun, name in made.written if name == "reason"} >= {"networks", "roles"}


# The forms


@dataclass
class Form:
    """A form of a page: where it is sent, and its fields with what stands in them."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    """The forms of a page that are sent by POST."""

    NO_TEXT = ("hidden", "checkbox", "radio", "file", "submit", "button")

    def __init__(self) -> None:
        """Nothing read yet."""
        super().__init__()
        self.found: list[Form] = []
        self._within: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, or a field of the one that is open."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._within = Form(given.get("action", "")) if given.get("method", "").lower() == "post" else None
            self.found += [self._within] if self._within else []
        elif self._within is not None:
            self._field(self._within, tag, given)

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "").lower()
        if tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given and self._select:
            form.fields.append((self._select, given.get("value", "")))
        elif name and (tag == "textarea" or (tag == "input" and kind not in self.NO_TEXT)):
            form.texts.append(name)
        elif name and tag == "input" and (kind == "hidden" or "checked" in given):
            form.fields.append((name, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        """Close it."""
        if tag == "form":
            self._within = None


NOT_SENT = re.compile(r"/sign-out|/colours|/account/(sessions|erase)|/newsletter/confirm|/unsubscribe|/staff/failures")
"""Forms that are done by being sent, and hold no text."""


def test_what_a_form_shows_again_is_text_and_breaks_nothing(site: Site, samples: Samples, made: Made) -> None:
    harmful, sent = {}, set()
    for who, path, form in forms_of(site, samples, made):
        fields = [*form.fields, *((name, HOSTILE) for name in form.texts), ("preview", "back")]
        data: dict[str, Any] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        answer = site.as_(who).browser.post(form.action or path, data=data)
        nonce = NONCE.search(answer.headers.get("content-security-policy", ""))
        harm = harm_in(answer.text, nonce[1] if nonce else "")
        if harm or answer.status_code >= 500:
            harmful[f"{path}: {form.action}"] = harm or answer.status_code
        sent |= set(form.texts)
    assert harmful == {}
    unseen = sorted(inputs_of_templates() - sent - UNSEEN - set(ASKED))
    assert not unseen, f"no page that is gone to has {unseen}"


UNSEEN = frozenset({"at", "code", "heading_row", "list", "rule"})
"""Fields behind a step that this test does not take: an approved issue, a password, a file; and of a choice alone."""
ASKS = "/networks/north-west-specialised-commissioning-group/challenges/new?provider=3-counties-cancer-network"


def forms_of(site: Site, samples: Samples, made: Made) -> Iterator[tuple[str, str, Form]]:
    """(who, page, form) of each form that has a text, once, on every page of the staff and of a visitor."""
    seen = set()
    paths = [samples.address(entry.path) for entry in entries() if entry.part == "pages" and entry.method == "GET"]
    for who, path in [*(("staff", path) for path in (*paths, *made.pages, ASKS)), ("anonymous", "/sign-in")]:
        answer = site.as_(who).browser.get(path)
        if "html" not in answer.headers.get("content-type", ""):
            continue
        reader = Forms()
        reader.feed(answer.text)
        for form in reader.found:
            kind = (re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", form.action), tuple(form.texts))
            if form.texts and kind not in seen and not NOT_SENT.match(form.action):
                seen.add(kind)
                yield who, path, form


def inputs_of_templates() -> set[str]:
    """The names of the inputs and text areas that stand in templates, as they are written there."""
    found = set()
    for file in TEMPLATES.rglob("*.html"):
        text = file.read_text()
        found |= set(re.findall(r'(?:input|textarea)\(\{[^}]*?"name": "(\w+)"', text))
        found |= set(re.findall(r'<textarea[^>]*? name="(\w+)"', text))
        found |= set(re.findall(rf'<input(?![^>]*type="(?:{"|".join(Forms.NO_TEXT)})")[^>]*? name="(\w+)"', text))
    return found
