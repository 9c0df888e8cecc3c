"""Pages as bytes: templates compiled once, filters for dates and counts, and the headers that every page carries."""

from __future__ import annotations

import gzip
import re
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, Template
from markupsafe import Markup, escape
from starlette.responses import Response

from services.gateway.compiled import Compiled
from services.gateway.components import Templates
from services.gateway.prose import prose
from shared import clock
from shared.auth import Principal
from shared.envelope import new_id
from shared.mailer.addresses import as_written

SMALLEST_COMPRESSED = 1400
FOR_PROGRAMS = re.compile(r"[;:,] [^;:,]*/api/.*$", re.DOTALL)
SECTIONS = frozenset({"networks", "leads", "events", "newsletter", "alerts", "oversight", "staff", "mailbox", "help"})
WORDS = {
    "lead_doctor": "Lead doctor",
    "lead_nurse": "Lead nurse",
    "lead_professional": "Lead professional",
    "lead_manager": "Lead manager",
    "co_ordinator": "Co-ordinator",
    "patient_representative": "Patient representative",
    "sha_lead": "Oversight lead",
    "client_group": "Client group",
    "both": "Provider and commissioner",
    "sha": "Strategic Health Authority",
    "pct": "Primary care trust",
}
COLOURS = {
    "managed": "green",
    "emerging": "blue",
    "informal": "grey",
    "closing": "orange",
    "closed": "red",
    "green": "green",
    "amber": "orange",
    "red": "red",
    "major": "purple",
    "governance": "blue",
    "events": "aqua-green",
    "news": "yellow",
    "workforce": "orange",
    "draft": "grey",
    "approved": "blue",
    "sending": "purple",
    "paused": "orange",
    "sent": "green",
    "cancelled": "red",
    "booked": "green",
    "waiting": "yellow",
    "delivered": "green",
    "retrying": "orange",
    "failed": "red",
}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def words(value: Any) -> str:
    """A code such as `lead_manager` as a person would write it."""
    text = str(value or "")
    plain = text.replace("_", " ")
    return WORDS.get(text) or plain[:1].upper() + plain[1:]


def for_people(sentence: Any) -> str:
    """What a service says is wrong, without the address that it names for programs."""
    return FOR_PROGRAMS.sub(".", str(sentence))


def happened(type_: Any) -> str:
    """A type of message in words, such as `Network created`: for what was recorded and not announced."""
    parts = str(type_ or "").split(".")
    return words(" ".join(parts[2:-1]).replace("-", " ")) if len(parts) > 3 else words(type_)


def colour(value: Any) -> str:
    """The tag colour of a stage, status or category; the word stands beside it always."""
    return COLOURS.get(str(value), "grey")


def moment(value: Any) -> datetime | None:
    """A datetime from what JSON holds."""
    if isinstance(value, datetime):
        return value
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def day(value: Any) -> str:
    """23 November 2026."""
    found = value if isinstance(value, date) else moment(value)
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}" if found else ""


def until(first: Any, last: Any) -> str:
    """23 to 29 November 2026: the days from one to another, with nothing said twice."""
    start, end = moment(first), moment(last)
    if not start or not end or start.date() == end.date():
        return day(first)
    shown = day(start).removesuffix(f" {end.year}")
    return f"{shown.removesuffix(f' {MONTHS[end.month - 1]}') if start.year == end.year else shown} to {day(end)}"


def lasting(first: Any, last: Any) -> Markup:
    """7 December 2026, 13:30 to 17:30; both days where something goes over midnight."""
    start, end = moment(first), moment(last)
    if not start or not end:
        return stamp(first)
    shown = f"{end:%H:%M}" if start.date() == end.date() else when(end)
    return Markup(f"{stamp(start)} to {timed(end, shown)}")  # noqa: S704 (both are made of a moment)


def month(value: Any) -> str:
    """April 2027, of `2027-04`; empty where it is no month."""
    year, _, number = str(value).partition("-")
    if len(year) != 4 or not number.isdigit() or not 1 <= int(number) <= 12:
        return ""
    return f"{MONTHS[int(number) - 1]} {year}"


def signed(number: Any) -> str:
    """+2.5, −0.4 or 0: a number of tenths with its sign."""
    amount = round(float(number or 0), 1)
    return f"{amount:+,.1f}".replace("-", "−") if amount else "0"


def iso(value: Any) -> str:
    """The day as a form's date field has it."""
    found = moment(value)
    return found.date().isoformat() if found else ""


def when(value: Any) -> str:
    """Today at 14:02, or 23 November 2026 at 14:02 (UTC)."""
    found = moment(value)
    if not found:
        return ""
    shown = "Today" if found.date() == clock.today() else day(found)
    return f"{shown} at {found:%H:%M}"


def at(value: Any) -> str:
    """As `when`, within a sentence: today at 14:02."""
    shown = when(value)
    return shown[:1].lower() + shown[1:]


def instant(found: datetime | None) -> str:
    """A moment for programs: HTML knows no more than three digits of a second."""
    return found.isoformat(timespec="milliseconds") if found else ""


def exactly(value: Any) -> Markup:
    """23 November 2026, 14:02:07.113 UTC, for what happened within a second."""
    found = moment(value)
    shown = f"{day(found)}, {found:%H:%M:%S}.{found.microsecond // 1000:03} UTC" if found else ""
    return timed(found, shown)


def stamp(value: Any, within: bool = False) -> Markup:
    """The moment as a `<time>`, readable by people and programs; *within* a sentence today is written small."""
    found = moment(value)
    return timed(found, at(found) if within else when(found))


def timed(found: datetime | None, shown: str) -> Markup:
    """The `<time>` of a moment; *shown* is made of nothing but that moment."""
    return Markup(f'<time datetime="{instant(found)}">{shown}</time>')  # noqa: S704 (see above)


def count(number: Any, one: str, many: str = "") -> str:
    """`1 network`, `1,204 networks`."""
    amount = int(number or 0)
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def marked(text: Any, marks: Any) -> Markup:
    """*text* with the places [first, one after the last] in `<mark>`; all of it escaped."""
    text, pieces, end = str(text or ""), [], 0
    for first, last in marks or ():
        pieces += [escape(text[end:first]), Markup("<mark>{}</mark>").format(text[first:last])]
        end = last
    return Markup("").join([*pieces, escape(text[end:])])


def environment(asset_path: str, name: str, folder: Path | None = None) -> Environment:
    """The templates: ours first, then the design system's macros (which need undefined values to chain).

    In *folder* they are kept as they were compiled.
    """
    ours = FileSystemLoader(Path(__file__).parent / "templates")
    made = Templates(
        loader=ChoiceLoader([ours, PackageLoader("nhsuk_frontend_jinja")]),
        autoescape=True, undefined=ChainableUndefined, auto_reload=False, trim_blocks=True, lstrip_blocks=True,
        cache_size=-1, bytecode_cache=Compiled(folder) if folder else None,
    )  # fmt: skip
    made.globals |= {
        "assetPath": asset_path,
        "service_name": name,
        "colour": colour,
        "count": count,
        "new_name": new_id,
    }
    made.filters |= {"words": words, "day": day, "iso": iso, "when": when, "stamp": stamp, "colour": colour}
    made.filters |= {
        "happened": happened,
        "prose": prose,
        "signed": signed,
        "month": month,
        "set": set,
        "until": until,
        "lasting": lasting,
    }
    made.filters |= {"marked": marked, "exactly": exactly, "at": at, "written": as_written, "for_people": for_people}
    return made


class Renderer:
    """Renders templates, and wraps pages in their headers."""

    def __init__(self, asset_path: str, name: str, *, secure: bool, folder: Path | None = None) -> None:
        """*secure*: served over https, so browsers may be told to insist on it. *folder*: see `environment`."""
        self._environment = environment(asset_path, name, folder)
        self._secure = secure
        self._header = lru_cache(1000)(self._made_header)
        self._environment.globals["frame_header"] = self._header_for
        self._environment.globals["frame_footer"] = Markup(self.fragment("footer.html"))  # noqa: S704 (our template)

    def _header_for(
        self, me: Principal, name: str, here: str, form_token: Callable[[], str], unread: int | None
    ) -> Markup:
        """The header, kept for each kind of visitor: its macros cost more than all the rest of a page."""
        section = here.strip("/").partition("/")[0]
        section = section if section in SECTIONS else ""
        made = self._header(me.signed_in, me.is_staff, me.is_staff or bool(me.bodies), name, section)
        if not me.signed_in:
            return Markup(made)  # noqa: S704 (our template)
        hidden = "" if unread else " hidden"
        for mark, text in (("TOKEN", form_token()), ("READER", me.person_id), ("UNREAD", f"{unread or 0:,}")):
            made = made.replace(f"%{mark}%", str(escape(text)))
        return Markup(made.replace(' data-hidden="%HIDDEN%"', hidden))  # noqa: S704 (our template)

    def _made_header(self, signed_in: bool, is_staff: bool, oversees: bool, name: str, section: str) -> str:
        return self.fragment(
            "header.html", signed_in=signed_in, is_staff=is_staff, oversees=oversees, my_name=name, section=section
        )

    def template(self, name: str) -> Template:
        """A compiled template."""
        return self._environment.get_template(name)

    def fragment(self, name: str, **context: Any) -> str:
        """A piece of a page."""
        return self.template(name).render(context)

    def page(self, name: str, context: dict[str, Any], *, status: int, zipped: bool) -> Response:
        """A whole page with its security headers and the nonce of its inline script."""
        nonce = secrets.token_urlsafe(12)
        content = self.template(name).render({**context, "cspNonce": nonce}).encode()
        headers = security_headers(nonce, secure=self._secure)
        headers |= {"cache-control": "no-store", "vary": "cookie, accept-encoding, hx-request"}
        if zipped and len(content) > SMALLEST_COMPRESSED:
            content, headers["content-encoding"] = gzip.compress(content, 1), "gzip"
        return Response(content, status, headers, media_type="text/html")


def security_headers(nonce: str, *, secure: bool) -> dict[str, str]:
    """What a browser is told to refuse."""
    policy = (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
        "frame-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'self'; object-src 'none'"
    )
    headers = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
    return headers | ({"strict-transport-security": "max-age=31536000"} if secure else {})
