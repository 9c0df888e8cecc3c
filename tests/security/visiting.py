"""Going to the running system as each kind of person: with a browser's cookies, and with tokens."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx

from tests.flows.system import PASSWORD

HOME = "greater-manchester-and-cheshire-cardiac-and-stroke-network"
"""The network that the lead leads and the member belongs to, in the area of the officer's body."""
ACCOUNTS = {
    "anonymous": "", "member": "member", "lead": "lead", "officer": "officer", "staff": "staff",
    "second staff": "second.staff", "associate": "associate", "officer of another body": "officer.q32",
}  # fmt: skip
FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass
class Person:
    """Somebody at a browser: their cookies, and the token of their forms. *account* is empty for a visitor."""

    url: str
    account: str = ""
    browser: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        """Open the browser, and sign in where there is an account."""
        self.browser = httpx.Client(base_url=self.url, timeout=30)
        if self.account:
            self.sign_in(f"{self.account}@tidings.example", PASSWORD)

    def sign_in(self, email: str, password: str, **more: str) -> httpx.Response:
        """Send the sign-in form."""
        answer = self.browser.post(
            "/sign-in",
            data={"form_token": self._token_on("/sign-in"), "email": email, "password": password, **more},
        )
        self.__dict__.pop("form_token", None)
        return answer

    @cached_property
    def form_token(self) -> str:
        """The token that this browser's forms carry."""
        return self._token_on("/sign-out")

    def _token_on(self, path: str) -> str:
        found = FORM_TOKEN.search(self.browser.get(path).text)
        assert found, f"no form on {path}"
        return found[1]

    def get(self, path: str, **headers: str) -> httpx.Response:
        """A page."""
        return self.browser.get(path, headers=headers)

    def post(self, path: str, *, files: Any = None, **form: Any) -> httpx.Response:
        """A form of ours, as its page sends it."""
        return self.browser.post(path, data={"form_token": self.form_token, **form}, files=files)

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """The API with this browser's session, as a page of ours asks it."""
        return self.browser.request(
            method, f"/api{path}", json=body, headers={"x-csrf-token": self.form_token, **headers}
        )

    def made(self, path: str, body: Any) -> Any:
        """What the API made of *body*."""
        answer = self.api("POST", path, body)
        assert answer.is_success, answer.text
        return answer.json()


@dataclass
class Site:
    """The running system and everybody who goes there; each signs in once."""

    url: str
    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[frozenset[str], str] = field(default_factory=dict)

    def as_(self, who: str) -> Person:
        """One of ACCOUNTS."""
        if who not in self.people:
            if who == "officer of another body":
                self._give_password(ACCOUNTS[who])
            self.people[who] = Person(self.url, ACCOUNTS[who])
        return self.people[who]

    def _give_password(self, account: str) -> None:
        """The demonstration's lesser people have none."""
        staff = self.as_("staff")
        found = staff.api("GET", f"/people?q={account}@tidings.example").json()["items"][0]
        assert staff.api("POST", f"/people/{found['id']}/password", {"password": PASSWORD}).is_success

    def signing_out(self, who: str) -> httpx.Response:
        """What somebody is answered who signs out, at a browser of its own."""
        person = Person(self.url, ACCOUNTS[who])
        with closing(person.browser):
            return person.post("/sign-out")

    def close(self) -> None:
        """Close every browser."""
        for person in self.people.values():
            person.browser.close()

    def token(self, *scopes: str) -> str:
        """A staff token with these scopes and no others."""
        key = frozenset(scopes)
        if key not in self.tokens:
            self.tokens[key] = self.as_("staff").made("/tokens", {"scopes": sorted(key), "days": 1})["token"]
        return self.tokens[key]

    def by_session(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The API, at its whole path, with the session of the staff."""
        staff = self.as_("staff")
        return staff.browser.request(method, path, headers={"x-csrf-token": staff.form_token}, **options)

    def by_token(self, token: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """The API as a program with *token*."""
        headers = {"authorization": f"Bearer {token}"}
        return httpx.request(method, self.url + path, json=body, headers=headers, timeout=30)
