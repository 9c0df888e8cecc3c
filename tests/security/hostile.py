"""Text that was written to do harm, and one thing of each kind that is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

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
    """What was made of hostile text, by its address."""

    slug: str
    network_id: str
    pages: tuple[str, ...]


def made_by(staff: Person) -> Made:
    """One thing of each kind, by somebody of the staff."""
    network = staff.made("/networks", {
        "name": HOSTILE, "aliases": [f"={HOSTILE}", f"@{HOSTILE}"], "type": "disease", "care_group": HOSTILE,
        "level": "local", "side": "both", "bodies": ["Q31"], "aims": WRITTEN, "reason": HOSTILE,
    })  # fmt: skip
    there, slug = f"/networks/{network['id']}", network["slug"]
    _people(staff, there)
    told = *_of_networks(staff, there), *_of_staff(staff, network["id"]), *_newsletter(staff, slug)
    until(lambda: MARK in staff.get(f"/networks/{slug}/feed.atom").text)
    own = tuple(f"/networks/{slug}{what}" for what in OF_NETWORK)
    return Made(slug, network["id"], (*PAGES, *own, *told))


PAGES = (
    "/", f"/networks?q={MARK}", "/leads", "/care-groups", "/challenges", "/service-changes", "/events",
    "/oversight/Q31", "/alerts", "/searches", "/subscriptions", "/staff", "/mailbox", "/workforce",
    f"/networks/{HOME}/links", f"/networks/{HOME}/challenges",
)  # fmt: skip
OF_NETWORK = (
    "", "/edit", "/history", "/standards", "/links", "/roles?q=hostile", "/rename", "/archive", "/merge", "/split",
    "/challenges", "/challenges/new", "/service-changes", "/service-changes/new", "/overlaps",
)  # fmt: skip


def _people(staff: Person, there: str) -> None:
    """Somebody, who leads the network, and an organisation."""
    person = staff.made("/people", {"name": HOSTILE, "professions": [HOSTILE], "interests": [HOSTILE]})
    staff.made("/organisations", {"kind": "other", "name": HOSTILE, "town": HOSTILE})
    role = {"person_id": person["id"], "role": "lead_manager", "reason": HOSTILE}
    until(lambda: staff.api("POST", f"{there}/roles", role).status_code in (201, 409))


def _of_networks(staff: Person, there: str) -> tuple[str, ...]:
    """What two networks have with each other, and a service change; the pages that show it."""
    home = staff.api("GET", f"/networks/{HOME}").json()["id"]
    link = staff.made(f"{there}/links", {"kind": "works_with", "other_id": home, "note": WRITTEN})
    answer_by = f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%d}"
    asked = {"provider": home, "subject": HOSTILE, "text": WRITTEN, "answer_by": answer_by}
    challenge = staff.made(f"{there}/challenges", asked)
    staff.made(f"/challenges/{challenge['id']}/replies", {"kind": "comment", "text": WRITTEN})
    change = staff.made(f"{there}/service-changes", {"title": HOSTILE, "description": WRITTEN, "from_on": "2099-01-01"})
    page = f"/service-changes/{change['id']}"
    return f"/links/{link['id']}", f"/challenges/{challenge['id']}", page, f"{page}/edit"


def _of_staff(staff: Person, network_id: str) -> tuple[str, ...]:
    """A gathering, a webhook and a saved search; the pages that show them."""
    event = staff.made("/events", {
        "title": HOSTILE, "description": WRITTEN, "place": HOSTILE, "networks": [network_id],
        "starts_at": "2099-01-01T10:00:00Z", "ends_at": "2099-01-01T12:00:00Z",
    })  # fmt: skip
    hook = staff.made("/subscriptions", {"name": HOSTILE, "url": "https://evil.example/?<script>", "form": "signal"})
    search = staff.made("/searches", {"name": HOSTILE, "q": HOSTILE[:100]})
    page = f"/subscriptions/{hook['id']}"
    return f"/events/{event['id']}", page, f"{page}/edit", f"/searches/{search['id']}"


def _newsletter(staff: Person, slug: str) -> tuple[str, ...]:
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
