"""What is secret stands in no log, whatever its level, and in no answer but the one that gives it."""

from __future__ import annotations

import re

import httpx

from tests.flows.system import PASSWORD, System
from tests.security.conftest import Opening
from tests.security.samples import until
from tests.security.visiting import Site

WRONG = "a wrong password that nobody has"
LINK = re.compile(r"/(?:newsletter/confirm|unsubscribe|preferences|reset|invitation)/([\w.~=-]{16,})")


def test_no_secret_stands_in_the_log(site: Site, system: System, opened: Opening) -> None:
    secrets = {"the signing key": "s" * 40, "a password": PASSWORD, "a wrong password": WRONG}
    visitor, member = opened(), site.as_("member")
    visitor.sign_in("member@tidings.example", WRONG)
    mine = opened("associate")
    secrets |= {"a session": mine.browser.cookies["tidings"], "a form's token": mine.form_token}
    secrets["an app's key"] = _app_key(mine)
    token = member.made("/tokens", {"scopes": ["alerts:read"], "days": 1})
    secrets["a token"] = token["token"]
    site.by_token(token["token"], "GET", "/api/alerts")
    site.by_token(token["token"] + "x", "GET", "/api/alerts")
    hook = member.made(
        "/subscriptions", {"name": "A hook", "url": "http://127.0.0.1:9/?key=abcdefghijk", "owner": "me"}
    )
    secrets |= {"a webhook's secret": hook["secret"], "a webhook's address": "key=abcdefghijk"}
    member.made(f"/subscriptions/{hook['id']}/test", {})
    secrets["a feed's key"] = key = member.made("/feed-key", {})["key"]
    httpx.get(f"{system.url}/oversight/Q31/feed.atom?key={key}")
    secrets |= _links(site, system)
    member.api("POST", "/me/second-factor", {"password": WRONG})
    site.as_("staff").api("PATCH", "/preferences", {"zone": "Nowhere/Nothing"})
    lines = (system.folder / "all.log").read_text().splitlines()
    log = "\n".join(line for line in lines if line.startswith("{"))  # the rest is what the first start prints
    assert [name for name, secret in secrets.items() if secret in log] == []
    assert "@tidings.example" not in log and log


def _app_key(person: object) -> str:
    """The key of an authenticator app that is being set up."""
    answer = person.api("POST", "/me/second-factor", {"password": PASSWORD})  # type: ignore[attr-defined]
    assert answer.is_success, answer.text
    return str(answer.json()["secret"])


def _links(site: Site, system: System) -> dict[str, str]:
    """The signed links of a mail, each opened, and each spoilt and opened."""
    staff, address = site.as_("staff"), "secret.reader@people.example"
    staff.made("/newsletter/sign-ups", {"email": address})
    mail = until(lambda: staff.api("GET", f"/mailbox?recipient={address}").json()["items"])[0]
    whole = staff.api("GET", f"/mailbox/{mail['message_id']}").json()
    found = {match[0]: match[1] for match in LINK.finditer(whole["text"] + str(whole["headers"]))}
    assert found
    for path in found:
        assert httpx.get(system.url + path).status_code == 200
        assert httpx.get(f"{system.url}{path}x").status_code == 404
    return {f"a link such as {path[:20]}": secret for path, secret in found.items()}


def test_what_was_shown_once_is_shown_no_more(site: Site) -> None:
    member = site.as_("member")
    token = member.made("/tokens", {"scopes": ["alerts:read"], "days": 1})["token"]
    hook = member.made("/subscriptions", {"name": "Once", "url": "http://127.0.0.1:9/", "owner": "me"})
    key = member.made("/feed-key", {})["key"]
    there = ("/subscriptions", f"/subscriptions/{hook['id']}")
    later = "".join(member.api("GET", path).text for path in ("/tokens", "/feed-key", *there))
    later += "".join(member.get(path).text for path in there)
    assert [secret for secret in (token, hook["secret"], key) if secret in later] == []
