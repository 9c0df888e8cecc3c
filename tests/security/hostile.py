"""Text that was written to do harm, and one thing of each kind that is made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

from tests.security.samples import until
from tests.security.visiting import HOME, Person

MARK = "hostile"
SCRIPT = "<script>pwned()</script>"
HOSTILE = f"""{MARK} "'><img src=x onerror=pwned()>{SCRIPT}]]></title>{{{{7*7}}}}<svg/onload=pwned()>&#x3c;"""
WRITTEN = (
    f'{HOSTILE}\n\n[press](javascript:pwned()) ![](x"onerror="pwned()) <javascript:pwned()> <a href=\'data:text/html,'
    f'{SCRIPT}\'>x</a>\n\n```\n{SCRIPT}\n```\n\n<iframe srcdoc="{SCRIPT}"></iframe>\n\n.\r\nBcc: evil@evil.example'
)
"""The same as several lines, where Markdown is understood."""

SYNTAX = (
    "'; DROP TABLE networks; --", "' OR '1'='1' UNION SELECT 1--", "\\'); DELETE FROM x;", "%", "_%' ESCAPE '!", '"',
    '"a" OR', "NEAR(a b", "name:", "a AND", "-", "*", "^", "(", "a:*b & !", "a <-> b |", "{person:..}",
    "%s%n{0}${7*7}{{7*7}}",
    "\\", "\\x00",
)  # fmt: skip
"""What means something to SQL, LIKE, FTS5, tsquery, formats and templates."""
CHARACTERS = (
    "\u202egnp.exe\u202c\u2066", "\u200b\ufeff\u2028\u2029", "e\u0301" * 50, "\U0001f469\u200d\U0001f4bb",
    "\ufdd0\uffff",
    "\x1b[31m\x07", "a\x00b", "\r\nSet-Cookie: a=b\r\n\r\n<b>", "x" * 60_000, "\u0130\u0131\u00df\u1e9e",
    "\uff1cscript\uff1e",
)  # fmt: skip
"""Characters that turn, hide, combine, end or never end."""


@dataclass(frozen=True)
class Made:
    """What was made of hostile text, by its address; and what was `written` into, as (noun, field)."""

    slug: str
    network_id: str
    pages: tuple[str, ...]
    written: frozenset[tuple[str, str]] = frozenset()


@dataclass
class Pen:
    """Somebody of the staff who writes; and into which fields they wrote what is hostile."""

    staff: Person
    written: set[tuple[str, str]] = field(default_factory=set)

    def made(self, path: str, body: Any) -> Any:
        """What the API made of *body*."""
        answer = self.api("POST", path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The API; what is hostile in *body* is noted where it is taken."""
        answer = self.staff.api(method, path, body)
        if answer.is_success:
            self.written |= {(noun_of(path), name) for name, value in fields_in(body or {}) if MARK in value}
        return answer

    def get(self, path: str) -> Any:
        """A page."""
        return self.staff.get(path)


def noun_of(path: str) -> str:
    """What an address of the API is about: its last word that is no id."""
    return [part for part in path.partition("?")[0].split("/") if re.fullmatch("[a-z-]+", part)][-1]


def fields_in(value: Any, at: str = "") -> list[tuple[str, str]]:
    """(name, text) of every text in a body, as `impacts[].training`."""
    if isinstance(value, dict):
        return [each for name, one in value.items() for each in fields_in(one, f"{at}.{name}".strip("."))]
    if isinstance(value, list):
        return [each for one in value for each in fields_in(one, f"{at}[]")]
    return [(at, value)] if isinstance(value, str) else []


def made_by(person: Person) -> Made:
    """One thing of each kind, by somebody of the staff."""
    staff = Pen(person)
    network = staff.made("/networks", {
        "name": HOSTILE, "aliases": [f"={HOSTILE}", f"@{HOSTILE}"], "type": "disease", "care_group": HOSTILE,
        "level": "local", "side": "both", "bodies": ["Q31"], "aims": WRITTEN, "reason": HOSTILE,
    })  # fmt: skip
    there, slug = f"/networks/{network['id']}", network["slug"]
    _people(staff, there)
    told = *_of_networks(staff, there), *_of_staff(staff, network["id"]), *_newsletter(staff, slug)
    until(lambda: MARK in staff.get(f"/networks/{slug}/feed.atom").text)
    own = tuple(f"/networks/{slug}{what}" for what in OF_NETWORK)
    return Made(slug, network["id"], (*PAGES, *own, *told), frozenset(staff.written))


PAGES = (
    "/", f"/networks?q={MARK}", "/leads", "/care-groups", "/challenges", "/service-changes", "/events",
    "/oversight/Q31", "/alerts", "/searches", "/subscriptions", "/staff", "/mailbox", "/workforce",
    f"/networks/{HOME}/links", f"/networks/{HOME}/challenges",
)  # fmt: skip
OF_NETWORK = (
    "", "/edit", "/history", "/standards", "/links", "/roles?q=hostile", "/rename", "/archive", "/merge", "/split",
    "/challenges", "/challenges/new", "/service-changes", "/service-changes/new", "/overlaps",
)  # fmt: skip


def _people(staff: Pen, there: str) -> None:
    """Somebody, who leads the network, and an organisation."""
    person = staff.made("/people", {"name": HOSTILE, "professions": [HOSTILE], "interests": [HOSTILE]})
    staff.made("/organisations", {"kind": "other", "name": HOSTILE, "town": HOSTILE})
    role = {"person_id": person["id"], "role": "lead_manager", "reason": HOSTILE}
    until(lambda: staff.api("POST", f"{there}/roles", role).status_code in (201, 409))
    for path, more in (("/invitations", {}), (f"{there}/invitations", {"role": "member"})):
        made = staff.made(path, {"email": f"invited{len(more)}@people.example", "name": HOSTILE, **more})
        staff.api("DELETE", f"/invitations/{made['id']}")


def _of_networks(staff: Pen, there: str) -> tuple[str, ...]:
    """What two networks have with each other, and a service change; the pages that show it."""
    home = staff.api("GET", f"/networks/{HOME}").json()["id"]
    link = staff.made(f"{there}/links", {"kind": "works_with", "other_id": home, "note": WRITTEN})
    answer_by = f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%d}"
    asked = {"provider": home, "subject": HOSTILE, "text": WRITTEN, "answer_by": answer_by}
    challenge = staff.made(f"{there}/challenges", asked)
    staff.made(f"/challenges/{challenge['id']}/replies", {"kind": "comment", "text": WRITTEN})
    impact = {"staff_group": "nursing_and_midwifery", "training": HOSTILE, "people": 3}
    change = staff.made(
        f"{there}/service-changes",
        {"title": HOSTILE, "description": WRITTEN, "from_on": "2099-01-01", "impacts": [impact]},
    )
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    address = f"https://x.example/{MARK}?\"'><svg/onload=pwned()>"
    staff.made(f"{there}/evidence", {"kind": "annual_plan", "title": HOSTILE, "link": address, "dated": today})
    staff.made("/batches/words", {"networks": [there.rpartition("/")[2]], "headline": HOSTILE, "text": WRITTEN})
    page = f"/service-changes/{change['id']}"
    return f"/links/{link['id']}", f"/challenges/{challenge['id']}", page, f"{page}/edit"


def _of_staff(staff: Pen, network_id: str) -> tuple[str, ...]:
    """A gathering, a webhook and a saved search; the pages that show them."""
    event = staff.made("/events", {
        "title": HOSTILE, "description": WRITTEN, "place": HOSTILE, "networks": [network_id],
        "starts_at": "2099-01-01T10:00:00Z", "ends_at": "2099-01-01T12:00:00Z",
    })  # fmt: skip
    hook = staff.made("/subscriptions", {"name": HOSTILE, "url": "https://evil.example/?<script>", "form": "signal"})
    search = staff.made("/searches", {"name": HOSTILE, "q": HOSTILE[:100]})
    staff.made("/tokens", {"name": HOSTILE[:80], "scopes": ["alerts:read"], "days": 1})
    page = f"/subscriptions/{hook['id']}"
    rest = _standard(staff), _line(staff), "/account/tokens", "/staff/invitations"
    return f"/events/{event['id']}", page, f"{page}/edit", f"/searches/{search['id']}", *rest


def _standard(staff: Pen) -> str:
    """A standard that is no standard any more at once, so that no network turns by it; its page."""
    rule = {"needs": "field", "field": "aims"}
    fields = {"name": HOSTILE, "sentence": HOSTILE, "severity": "amber", "stages": ["closed"], "rule": rule}
    made = staff.made("/standards", fields)
    staff.api("PATCH", f"/standards/{made['id']}", {"retired": True})
    return f"/staff/standards/{made['code']}"


def _line(staff: Pen) -> str:
    """A comment on a line of a body's feed; its page."""
    line = staff.api("GET", "/oversight/Q31/feed").json()["items"][0]["message_id"]
    staff.made(f"/oversight/Q31/feed/{line}/comments", {"text": WRITTEN})
    return f"/oversight/Q31/feed/{line}"


def _newsletter(staff: Pen, slug: str) -> tuple[str, ...]:
    """An issue's words, an item and a reader; the pages that show them."""
    issue = staff.api("GET", "/newsletter/issues").json()["items"][0]["id"]
    staff.made(f"/newsletter/issues/{issue}/items", {"headline": HOSTILE, "text": WRITTEN, "path": f"/networks/{slug}"})
    staff.api("PATCH", f"/newsletter/issues/{issue}", {"title": HOSTILE, "intro": WRITTEN})
    staff.made("/newsletter/sign-ups", {"email": "reader@people.example", "name": HOSTILE})
    page = f"/staff/newsletter/{issue}"
    until(lambda: MARK in staff.get(page).text)
    return page, f"{page}/preview", f"{page}/preview/html"


class Harm(HTMLParser):
    """What a browser would run, load or follow in a page, as it reads the page."""

    def __init__(self, nonce: str = "") -> None:
        """Scripts with *nonce*, and files of ours, are allowed."""
        super().__init__(convert_charrefs=True)
        self._nonce = nonce
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        given = {name: value or "" for name, value in attrs}
        bad = [name for name in given if name.startswith("on") or name == "srcdoc"]
        bad += [name for name in ("href", "src", "action", "formaction") if _leads_to_harm(given.get(name, ""))]
        if tag == "script" and given.get("nonce") != self._nonce and not given.get("src", "").startswith("/static/"):
            bad.append("script")
        if tag in ("object", "embed", "base") or (tag == "img" and given.get("src") == "x"):
            bad.append(tag)
        self.found += [f"<{tag} {name}>" for name in bad]


def _leads_to_harm(address: str) -> bool:
    plain = "".join(address.split()).lower()
    return plain.startswith(("javascript:", "vbscript:", "data:text"))


def harm_in(html: str, nonce: str = "") -> list[str]:
    """Everything in *html* that would run."""
    parser = Harm(nonce)
    parser.feed(html)
    return parser.found
