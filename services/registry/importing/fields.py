"""What a column may hold: the fields of a network, what people call them, and what their values look like."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from services.registry.importing import values
from services.registry.importing.values import Words
from services.registry.wording import key_of

Reader = Callable[[str, Words], object]


@dataclass(frozen=True)
class Field:
    """A field of a network. `called`: headings for it, folded, without marks; `looks`: whether a value is like it."""

    name: str
    label: str
    called: tuple[str, ...]
    read: Reader
    looks: Callable[[str, Words], bool] = lambda _text, _words: False


def _is_read(read: Reader) -> Callable[[str, Words], bool]:
    def looks(text: str, words: Words) -> bool:
        try:
            read(text, words)
        except ValueError:
            return False
        return True

    return looks


def _is_long(text: str, _words: Words) -> bool:
    return len(text.split()) > 8


def _is_known_care_group(text: str, words: Words) -> bool:
    return key_of(text) in words.care_groups


def _is_name(text: str, _words: Words) -> bool:
    return bool(re.search(r"\b(networks?|alliance|senate|collaborative|group)\b", text, re.IGNORECASE))


FIELDS = (
    Field("name", "Name", ("name", "network", "network name", "name of network", "title", "networks"),
          values.name, _is_name),
    Field("aliases", "Other names", ("aliases", "other names", "also known as", "aka", "alias", "former names",
          "previous names"), values.names),
    Field("type", "Type", ("type", "network type", "type of network", "kind"),
          values.type_, _is_read(values.type_)),
    Field("care_group", "Care group", ("care group", "caregroup", "clinical area", "condition", "topic", "speciality",
          "specialty", "disease", "illness", "care area"), values.care_group, _is_known_care_group),
    Field("level", "Level", ("level", "tier", "scope"), values.level, _is_read(values.level)),
    Field("purpose", "Purpose", ("purpose", "main purpose", "function"), values.purpose, _is_read(values.purpose)),
    Field("side", "Side", ("side", "provider or commissioner", "provider commissioner"),
          values.side, _is_read(values.side)),
    Field("bodies", "Areas covered", ("sha codes", "sha code", "sha", "shas", "bodies", "oversight bodies",
          "oversight body", "strategic health authority", "strategic health authorities", "area", "areas",
          "areas covered", "region", "regions"), values.bodies, _is_read(values.bodies)),
    Field("host", "Host organisation", ("host", "host organisation", "host organization", "hosted by", "host code",
          "ods code", "host ods code", "organisation code", "host trust"), values.host, _is_read(values.host)),
    Field("population", "Population served", ("population", "population served", "people served", "residents"),
          values.population),
    Field("web", "Web address", ("web", "website", "web site", "web address", "url", "link", "homepage", "internet"),
          values.web, _is_read(values.web)),
    Field("email", "E-mail", ("email", "e mail", "email address", "e mail address", "contact email", "mail"),
          values.email, _is_read(values.email)),
    Field("aims", "Aims", ("aims", "aim", "description", "objectives", "about", "summary", "aims and objectives"),
          values.prose, _is_long),
    Field("started_on", "Started on", ("started on", "start date", "started", "start", "established", "founded",
          "date established", "since", "set up"), values.day, _is_read(values.day)),
    Field("stage", "Stage", ("stage", "status", "state", "maturity"), values.stage, _is_read(values.stage)),
)  # fmt: skip
BY_NAME = {field.name: field for field in FIELDS}
LABELS = {field.name: field.label for field in FIELDS}
