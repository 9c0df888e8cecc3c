"""One visit of one page: who comes, what they ask, what they may send, and what they get."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import structlog
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from services.gateway.checking import Checked, ShownAgain, checked_page, ways_of
from services.gateway.clients import Refused
from services.gateway.done import done_sentence
from services.gateway.doors import let_in
from services.gateway.gone_wrong import failed, problem_page, sign_in_first
from services.gateway.pressing import key_of_press
from services.gateway.signing_in.new_browsers import remembered
from services.gateway.signing_in.session import Session, UnreadableForm
from services.gateway.signing_in.throttle import Origin
from shared.auth import ANYBODY, Principal
from shared.errors import Forbidden, NotSignedIn, Problem

if TYPE_CHECKING:
    from services.gateway.edge import Edge

log = structlog.get_logger()
COUNT_SECONDS = 0.5
COLOURS = frozenset({"light", "dark"})
"""What a visitor may have chosen instead of what their device says."""


@dataclass
class Visit:
    """What a page function is given."""

    request: Request
    edge: Edge
    session: Session | None
    principal: Principal
    new_cookie: str = ""
    given: list[str] = field(default_factory=list)
    """Other Set-Cookie headers that the answer carries."""
    sent: FormData | None = None
    made_token: str = ""
    unread: int | None = None
    """How many of the visitor's alerts are unread, for the header; None where it is not known."""

    # What is asked

    @property
    def path(self) -> Mapping[str, str]:
        """The parameters in the address."""
        return self.request.path_params

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters after the question mark."""
        return self.request.query_params

    @property
    def origin(self) -> Origin:
        """Where the visitor comes from."""
        sessions = self.edge.sessions
        return sessions.throttle.origin(self.request, self.request.cookies.get(f"{sessions.cookie}-device", ""))

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks for a piece of the page."""
        return self.request.headers.get("hx-request") == "true"

    def asked_for(self, given: Mapping[str, str]) -> str:
        """What the page's own address asks for, and *given*, to be asked for elsewhere: without the place in a list."""
        own = {name: value for name, value in self.query.items() if name not in ("cursor", "done", "show") and value}
        return urlencode({**own, **given})

    @property
    def colours(self) -> str:
        """`light` or `dark` where the visitor chose so, else empty: as the device says."""
        chosen = self.request.cookies.get(f"{self.edge.sessions.cookie}-colours", "")
        return chosen if chosen in COLOURS else ""

    async def form(self) -> FormData:
        """The form's fields. Raises FormExpired when the form is not one that we gave this visitor, UnreadableForm,
        TooManyTries."""
        if not self.principal.signed_in:
            await self.edge.sessions.throttle.form(self.origin)
        try:
            sent = await self.request.form(max_fields=2000, max_part_size=30 * 1024 * 1024)
        except HTTPException as error:
            raise UnreadableForm from error
        self.edge.sessions.require_form_token(self.cookie, str(sent.get("form_token", "")))
        self.sent = sent
        return sent

    @property
    def preview(self) -> str:
        """`yes` where the form asks whom the change would reach, `back` where it is to be shown again, else empty."""
        return str(self.sent.get("preview", "")) if self.sent else ""

    def require_signed_in(self) -> None:
        """Raise NotSignedIn for a visitor; the page becomes the sign-in page."""
        if not self.principal.signed_in:
            raise NotSignedIn

    def require_staff(self) -> None:
        """Raise for anybody but staff."""
        self.require_signed_in()
        if not self.principal.is_staff:
            raise Forbidden("This page is for the staff of the national team.")

    # Asking the services

    async def ask(self, service: str, path: str, **query: Any) -> Any:
        """The JSON of a service's GET, in the visitor's name."""
        return await self.edge.clients.ask(service, path, principal=self.principal, **query)

    async def ask_or(self, default: Any, service: str, path: str, **query: Any) -> Any:
        """As `ask`, with *default* where it is refused or the service is away: for what a page can do without."""
        try:
            return await self.ask(service, path, **query)
        except Problem as problem:
            log.info("page_does_without", service=service, path=path, reason=problem.detail)
            return default

    async def network(self) -> Any:
        """The network whose address is in the path. A reader of a former address goes on to the present one."""
        slug = self.path["slug"]
        record = await self.ask("registry", f"/networks/{slug}")
        if slug != record["slug"] and self.request.method == "GET":
            beyond = self.request.url.path.removeprefix(f"/networks/{slug}")
            raise Moved(
                f"/networks/{record['slug']}{beyond}{'?' * bool(self.request.url.query)}{self.request.url.query}"
            )
        return record

    async def change(self, service: str, method: str, path: str, body: Any = None, *, if_match: str = "") -> Any:
        """A change, in the visitor's name, that a repeated press of the button does not repeat.

        Raises Checked, and changes nothing, where the form asks whom it would reach.
        """
        if self.preview == "back":
            raise ShownAgain
        if self.preview:
            raise Checked(await ways_of(self, service, method, path, body, if_match))
        key = key_of_press(self.sent, self.cookie, service, method, path, body, if_match)
        try:
            return await self.edge.clients.change(
                service, method, path, body, principal=self.principal, if_match=if_match, idempotency_key=key
            )
        finally:
            self.edge.unread.forget(self.principal.person_id)

    # Answering

    @property
    def cookie(self) -> str:
        """The visitor's cookie: the session's id, or a random value that binds forms before they sign in."""
        return self.request.cookies.get(self.edge.sessions.cookie, "") or self.new_cookie

    def form_token(self) -> str:
        """The token for this page's forms; gives the visitor a cookie where there is none yet."""
        if not self.cookie:
            self.new_cookie = secrets.token_urlsafe(24)
        self.made_token = self.made_token or self.edge.sessions.form_token(self.cookie)
        return self.made_token

    def page(self, template: str, title: str, *, status: int = 200, **context: Any) -> Response:
        """A whole page. *title* is the H1; the browser's title adds the service's name."""
        return self.finished(self._page(template, title, status, context))

    def _page(self, template: str, title: str, status: int, context: dict[str, Any]) -> Response:
        whole = {
            "title": title, "visit": self, "me": self.principal, "unread": self.unread,
            "my_name": self.session.name if self.session else "",
            "here": self.request.url.path, "form_token": self.form_token, "errors": [],
            "done_sentence": done_sentence, **context,
        }  # fmt: skip
        zipped = "gzip" in self.request.headers.get("accept-encoding", "")
        return self.edge.renderer.page(template, whole, status=status, zipped=zipped)

    @property
    def asked_at(self) -> str:
        """The page that the visitor asks for, or on which they sent a form."""
        there = self.request.url.path if self.request.method == "GET" else self.request.headers.get("referer", "/")
        return local(urlsplit(there).path)

    def fragment(self, template: str, **context: Any) -> Response:
        """A piece of a page, for htmx."""
        content = self.edge.renderer.fragment(template, visit=self, me=self.principal, **context)
        return Response(content, media_type="text/html", headers={"vary": "hx-request", "cache-control": "no-store"})

    def back(self, path: str) -> Response:
        """Go on to *path* with a GET, so that a reload repeats nothing."""
        return self.finished(RedirectResponse(path, 303))

    def finished(self, response: Response) -> Response:
        """Put the visitor's new cookies on the answer."""
        if self.new_cookie:
            self.given.append(self.edge.sessions.set_cookie(self.new_cookie))
            self.new_cookie = ""
        while self.given:
            response.raw_headers.append((b"set-cookie", self.given.pop(0).encode()))
        return response

    async def signed_in_as(self, session: Session, email: str = "") -> None:
        """Give the visitor a new session in place of the one they had; their browser is known from now on."""
        sessions = self.edge.sessions
        if self.session and self.session.id != session.id:
            await sessions.sign_out(self.session)
        self.given.append(sessions.set_cookie(session.id))
        if email:
            self.given.append(await remembered(self.edge, session, email, self.origin.device))
        self.session, self.made_token = session, ""


def local(path: str, otherwise: str = "/") -> str:
    """*path* where it is an address of ours, so that a link cannot send people elsewhere after they sign in."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and path.isprintable()
    return path if ours else otherwise


class Moved(Exception):
    """What was asked for has another address now, for good."""

    def __init__(self, path: str) -> None:
        """*path* is an address of ours."""
        super().__init__(path)
        self.path = path


PageFunction = Callable[[Visit], Awaitable[Response]]


def page(path: str, function: PageFunction, *methods: str) -> Route:
    """A route whose function is given a Visit and whose problems become pages."""

    async def endpoint(request: Request) -> Response:
        edge: Edge = request.app.state.edge
        try:
            session = await edge.sessions.session_of(request.cookies)
            visit = Visit(request, edge, session, await edge.sessions.principal(session))
        except Exception as error:  # nobody can say who comes
            return failed(Visit(request, edge, None, ANYBODY), error)
        visit.unread = await _unread(visit)
        return await answered(visit, path, function)

    return Route(path, endpoint, methods=list(methods) or ["GET"], name=function.__name__)


async def _unread(visit: Visit) -> int | None:
    """What the header counts. A page does without it sooner than wait for it."""
    if not visit.principal.signed_in or visit.is_fragment or visit.request.method != "GET":
        return None
    try:
        async with asyncio.timeout(COUNT_SECONDS):
            return await visit.edge.unread.of(visit.principal)
    except (Problem, TimeoutError):
        return None


async def answered(visit: Visit, path: str, function: PageFunction) -> Response:
    """The page, or the page that says what went wrong."""
    try:
        let_in(visit, path)
        return await function(visit)
    except Checked as checked:
        return checked_page(visit, checked)
    except Moved as moved:
        # Nobody keeps it: the network may be called as before again, and the browser would go round for ever.
        return RedirectResponse(moved.path, 308, {"cache-control": "no-store"})
    except NotSignedIn:
        return sign_in_first(visit)
    except Refused as refused:
        return sign_in_first(visit) if refused.status == 401 else problem_page(visit, refused)
    except Exception as error:
        return failed(visit, error)
