"""Reading a cell as people write it. Each function raises ValueError with what is wrong, to follow the label."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import get_args

from services.registry.schemas.networks import Level, Purpose, Side, Stage, Type
from services.registry.wording import key_of

_ENDINGS = re.compile(r"\b(nhs|sha|strategic health authority|the)\b")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MEANT = {
    "client groups": "client_group", "clientgroup": "client_group", "specialist": "specialty",
    "speciality": "specialty",
    "diseases": "disease", "functions": "function", "locality": "local", "region": "regional", "country": "national",
    "nation": "national", "england": "national", "providers": "provider", "commissioners": "commissioner",
    "provider and commissioner": "both", "provider commissioner": "both", "commissioner and provider": "both",
    "improving": "improvement", "quality improvement": "improvement", "clinic": "clinical",
}  # fmt: skip
_EPOCH = date(1899, 12, 30)


@dataclass(frozen=True)
class Words:
    """What the register knows by name: bodies and care groups, each by its key."""

    bodies: Mapping[str, str] = field(default_factory=dict)
    every_body: tuple[str, ...] = ()
    care_groups: Mapping[str, str] = field(default_factory=dict)


def body_key(text: str) -> str:
    """The name of an oversight body for comparing: `North West` and `NHS North West SHA` are the same."""
    return " ".join(_ENDINGS.sub(" ", key_of(text)).split())


def name(text: str, _words: Words) -> str:
    """A name on one line."""
    return " ".join(text.split())


def names(text: str, _words: Words) -> list[str]:
    """Several names, separated by semicolons, bars or lines."""
    found = (" ".join(part.split()) for part in re.split(r"[;|\n]", text))
    return list(dict.fromkeys(part for part in found if part))


def prose(text: str, _words: Words) -> str:
    """Text as it is, its lines kept."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _one_of(text: str, allowed: tuple[str, ...]) -> str:
    key = key_of(text)
    found = _MEANT.get(key, key.replace(" ", "_"))
    if found not in allowed:
        listed = ", ".join(word.replace("_", " ") for word in allowed)
        raise ValueError(f"“{text[:60]}” is none of {listed}")
    return found


def type_(text: str, _words: Words) -> str:
    """A type of network."""
    return _one_of(text, get_args(Type))


def level(text: str, _words: Words) -> str:
    """Local, regional or national."""
    return _one_of(text, get_args(Level))


def purpose(text: str, _words: Words) -> str:
    """What it is for."""
    return _one_of(text, get_args(Purpose))


def side(text: str, _words: Words) -> str:
    """Provider, commissioner or both."""
    return _one_of(text, get_args(Side))


def stage(text: str, _words: Words) -> str:
    """How far it has come."""
    return _one_of(text, get_args(Stage))


def care_group(text: str, words: Words) -> str:
    """A care group, spelt as the register spells it where it knows it."""
    return words.care_groups.get(key_of(text), " ".join(text.split()))


def bodies(text: str, words: Words) -> list[str]:
    """Oversight bodies by code or name, separated by semicolons, commas, slashes or lines; or all of them."""
    if key_of(text) in ("all", "national", "england", "all shas"):
        return list(words.every_body)
    found = []
    for part in filter(None, (part.strip() for part in re.split(r"[;,/|\n]", text))):
        code = words.bodies.get(part.upper()) or words.bodies.get(body_key(part))
        if code is None:
            raise ValueError(f"“{part[:60]}” is no oversight body; use a code such as Q31")
        found.append(code)
    return list(dict.fromkeys(found))


def host(text: str, _words: Words) -> str:
    """An ODS code, alone or in brackets after a name."""
    found = re.search(r"\(([A-Za-z0-9]{3,10})\)\s*$", text)
    code = (found[1] if found else text.strip()).upper()
    if not re.fullmatch(r"(?=.*\d)[A-Z0-9]{3,10}|[A-Z]{3}", code):
        raise ValueError(f"“{text[:60]}” is no ODS code, such as RW3")
    return code


def population(text: str, _words: Words) -> int:
    """A number of people: 1,200,000 or 1.2m or 250k."""
    found = re.fullmatch(
        r"(?:c\.?|about|approx\.?)?\s*(\d[\d,  ]*(?:\.\d+)?)\s*(m|million|k|thousand)?", text.strip().lower()
    )
    if not found:
        raise ValueError(f"“{text[:60]}” is no number of people")
    times = {"m": 1_000_000, "k": 1_000}.get((found[2] or "")[:1].replace("t", "k"), 1)
    return round(float(re.sub(r"[,  ]", "", found[1])) * times)


def web(text: str, _words: Words) -> str:
    """A web address; one without its beginning gets it."""
    found = text.strip()
    if re.match(r"https?://\S+$", found, re.IGNORECASE):
        return found
    if re.fullmatch(r"[\w-]+(\.[\w-]+)+(/\S*)?", found):
        return f"https://{found}"
    raise ValueError(f"“{found[:60]}” is no web address, such as https://www.network.example")


def email(text: str, _words: Words) -> str:
    """An e-mail address, alone or in angle brackets."""
    found = re.search(r"<([^<>\s]+@[^<>\s]+)>", text)
    address = found[1] if found else re.sub(r"^mailto:", "", text.strip(), flags=re.IGNORECASE)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
        raise ValueError(f"“{text[:60]}” is no e-mail address, such as office@network.example")
    return address


def day(text: str, _words: Words) -> date:
    """A day: 2006-11-23, 23/11/2006, 23 November 2006, November 2006, or a spreadsheet's own number of it."""
    words = text.strip().lower()
    try:
        found = _iso(words) or _numeric(words) or _written(words) or _serial(words)
    except ValueError:
        found = None
    if found is None or not 1900 <= found.year <= 2100:
        raise ValueError(f"“{text[:60]}” is no day; write it as 23/11/2006")
    return found


def _iso(words: str) -> date | None:
    return date.fromisoformat(words[:10]) if re.match(r"\d{4}-\d\d-\d\d(?:$|[ t])", words) else None


def _numeric(words: str) -> date | None:
    """Day before month, as it is written here; the other order is refused, because it cannot be told apart."""
    found = re.match(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d\d)(?:$|\s)", words)
    return date(_year(found[3]), int(found[2]), int(found[1])) if found else None


def _written(words: str) -> date | None:
    found = re.fullmatch(r"(?:(\d{1,2})(?:st|nd|rd|th)?[\s-]+)?([a-z]{3,9})[\s.,-]+(\d{4}|\d\d)", words)
    if not found or found[2][:3] not in _MONTHS:
        return None
    return date(_year(found[3]), _MONTHS.index(found[2][:3]) + 1, int(found[1] or 1))


def _serial(words: str) -> date | None:
    return _EPOCH + timedelta(days=int(words)) if re.fullmatch(r"[2-5]\d{4}", words) else None


def _year(digits: str) -> int:
    year = int(digits)
    return year if year > 99 else year + (1900 if year > 50 else 2000)
