"""Ways in and out, as somebody at a browser: a real identity provider, mailed links, sessions that end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from tests.flows.people import newcomer, opens_nothing
from tests.flows.system import PASSWORD, System
from tests.flows.test_second_factor import is_let_in, sent, visitor, with_password
from tests.notifications.reports import SENDMAIL, made

NEW = "lantern quiet tower moss"


def until(holds: Callable[[], Any], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.1)
    return found


def by_provider(client: httpx.Client, provider: str, sub: str, **claims: Any) -> httpx.Response:
    """Press the provider's button and sign in there as *sub*; the page that we show then."""
    httpx.put(f"{provider}/users/{sub}", json={"email_verified": True, **claims}).raise_for_status()
    pressed = client.get("/sign-in/provider?next=/account")
    assert str(pressed.url).startswith(provider), pressed.text
    return client.post(str(pressed.url), data={"sub": sub})


def link_to(client: httpx.Client, address: str) -> str:
    """The path of the link in the newest mail to an address that has one, from the mailbox of the staff."""

    def found() -> str:
        texts = (unescape(client.get(path).text) for path in mails_to(client, address))
        links = (re.search(r"/(?:sign-in/new-password|invitation|confirm-address)/[\w-]+", text) for text in texts)
        return next((link[0] for link in links if link), "")

    return str(until(found))


def mails_to(client: httpx.Client, address: str) -> list[str]:
    """The pages of the mails to an address, newest first."""
    page = client.get(f"/mailbox?q={address}").text
    return [unescape(path) for path in re.findall(r'href="(/mailbox/[^"]+)"', page)]


def test_the_button_leads_to_the_provider_and_back_to_where_one_wanted_to_go(strict: System, provider: str) -> None:
    with visitor(strict) as client:
        assert "Sign in with Example Trust" in client.get("/sign-in").text
        page = by_provider(client, provider, "new-1", email="new.one@people.example", name="New One")
        assert page.url.path == "/account" and "New One" in page.text
        out = sent(client, client.get("/account"), "/sign-out")
        assert out.url.path == "/signed-out" and f"{provider}/" in out.text
        assert client.get("/account").url.path == "/sign-in"


def test_an_address_that_is_not_verified_lets_nobody_in(strict: System, provider: str) -> None:
    with visitor(strict) as client:
        address = {"email": "officer@tidings.example", "email_verified": False}
        page = by_provider(client, provider, "evil-1", **address)
        assert "not verified" in page.text and client.get("/account").url.path == "/sign-in"


def test_who_the_claims_make_staff_needs_an_app_all_the_same(strict: System, provider: str) -> None:
    with visitor(strict) as client:
        claims = {"email": "third.staff@people.example", "name": "Third", "groups": ["tidings-staff"]}
        page = by_provider(client, provider, "staff-3", **claims)
        assert "Set up an authenticator app" in page.text and not is_let_in(client)


def test_a_back_that_was_never_begun_here_signs_nobody_in(strict: System, provider: str) -> None:
    with visitor(strict) as one, visitor(strict) as other:
        claims = {"email_verified": True, "email": "back.one@people.example", "name": "Back One"}
        httpx.put(f"{provider}/users/back-1", json=claims).raise_for_status()
        begun = one.get("/sign-in/provider")
        answer = httpx.post(str(begun.url), data={"sub": "back-1"})
        there = urlsplit(answer.headers["location"])
        stolen = other.get(f"{there.path}?{there.query}")
        assert stolen.status_code == 401 and "another browser" in stolen.text
        assert other.get("/account").url.path == "/sign-in"
        assert one.get(f"{there.path}?{there.query}").url.path in ("/", "/account")
        assert one.get("/sign-in/provider/back?state=x&code=y").status_code == 401


def test_sessions_are_listed_and_ended_from_my_data_and_by_the_api(system: System) -> None:
    account, _ = newcomer(system)
    with visitor(system) as here, visitor(system) as there:
        for client in (here, there):
            with_password(client, account)
        page = here.get("/account/sessions")
        assert "This one" in page.text and page.text.count("Last used") == 2
        sent(here, page, "/account/sessions")  # the form of the other one
        until(lambda: there.get("/account").url.path == "/sign-in")
        assert here.get("/account").url.path == "/account"
        headers = {"authorization": f"Bearer {system.token(account)}"}
        listed = here.get("/api/me/sessions", headers=headers).json()
        assert listed["total"] == 1 and all(len(one["id"]) == 64 for one in listed["items"])
        assert here.delete("/api/me/sessions", headers=headers).status_code == 204
        assert here.get("/account").url.path == "/sign-in"


def test_who_owns_an_account_is_told_of_a_new_browser_and_signs_it_out_by_the_link(system: System) -> None:
    account, _ = newcomer(system)
    with visitor(system) as staff, visitor(system) as first, visitor(system) as thief, visitor(system) as mail_program:
        with_password(staff, "staff")
        for _ in range(2):  # the first time there is, and with the browser that is known since
            with_password(first, account)
            sent(first, first.get("/account"), "/sign-out")
        with_password(first, account)
        thief.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        with_password(thief, account)
        stolen = thief.cookies["tidings"]
        link = ended_by(staff, account)
        assert "Firefox on Linux signed in" in (text := new_browsers(staff, account)[0]) and "127.0.0.1" in text
        assert mail_program.get(link).status_code == 200 and not opens_nothing(system, stolen), "looking ends nothing"
        page = mail_program.get(link)
        assert "Firefox on Linux" in page.text
        done = mail_program.post(link, data={"form_token": token_in(page)})
        assert "That session has ended" in done.text and opens_nothing(system, stolen)
        assert first.get("/account").url.path == "/account", "the owner's own goes on"
        assert mail_program.get("/account").url.path == "/sign-in", "the link signs nobody in"
        assert mail_program.get(link[:-2]).status_code == 404
        assert len(new_browsers(staff, account)) == 1


def new_browsers(staff: httpx.Client, account: str) -> list[str]:
    """The mails about new browsers to an account, newest first."""
    texts = [unescape(staff.get(path).text) for path in mails_to(staff, f"{account}@tidings.example")]
    return [text for text in texts if "A new browser was used" in text]


def ended_by(staff: httpx.Client, account: str) -> str:
    """The link of the newest of them that ends the session."""
    [newest, *_] = until(lambda: new_browsers(staff, account))
    found = re.search(r"/sign-in/end/[\w.-]+", newest)
    assert found
    return found[0]


def test_a_changed_password_ends_the_other_sessions_and_not_this_one(system: System) -> None:
    account, _ = newcomer(system)
    with visitor(system) as here, visitor(system) as there:
        for client in (here, there):
            with_password(client, account)
        before = here.cookies["tidings"]
        page = here.get("/account/password")
        known = sent(here, page, "/account/password", present=PASSWORD, password="passwordpassword")
        assert known.status_code == 422 and "easy to guess" in known.text
        done = sent(here, page, "/account/password", present=PASSWORD, password=NEW)
        assert done.url.path == "/account" and here.cookies["tidings"] != before
        assert there.get("/account").url.path == "/sign-in"
        assert opens_nothing(system, before)


def test_a_stolen_cookie_opens_nothing_once_its_owner_has_signed_out(system: System) -> None:
    account, _ = newcomer(system)
    with visitor(system) as owner:
        with_password(owner, account)
        stolen, form = owner.cookies["tidings"], owner.get("/account/record")
        assert not opens_nothing(system, stolen)
        sent(owner, owner.get("/account"), "/sign-out")
        assert opens_nothing(system, stolen)
        replayed = httpx.post(  # the form as it was, with the cookie that it was made for
            f"{system.url}/account/record", cookies={"tidings": stolen},
            data={"form_token": token_in(form), "revision": "1", "name": "Somebody Else"},
        )  # fmt: skip
        assert replayed.headers["location"].startswith("/sign-in")


def test_a_cookie_that_a_stranger_fixed_is_not_the_one_that_is_signed_in(system: System) -> None:
    account, _ = newcomer(system)
    with visitor(system) as victim:
        victim.cookies.set("tidings", "a-value-that-a-stranger-chose", domain="127.0.0.1")
        with_password(victim, account)
        assert opens_nothing(system, "a-value-that-a-stranger-chose")
        assert [cookie.value for cookie in victim.cookies.jar if cookie.name == "tidings"][
            -1
        ] != "a-value-that-a-stranger-chose"


def test_who_took_over_a_session_cannot_take_the_account(system: System) -> None:
    account, _ = newcomer(system)
    with visitor(system) as owner, visitor(system) as thief:
        with_password(owner, account)
        thief.cookies.set("tidings", owner.cookies["tidings"])
        page, fields = thief.get("/account/email"), {"email": f"thief.{account}@people.example"}
        answers = [sent(thief, page, "/account/email", present=f"a guess {n}", **fields) for n in range(11)]
        assert [answer.status_code for answer in answers] == [403] * 10 + [429] and answers[-1].headers["retry-after"]
        assert "was wrong too often" in answers[-1].text
        record = thief.get("/account/record")
        assert 'name="email"' not in record.text
        sent(thief, record, "/account/record", name="Nell Newcomer", email=f"thief.{account}@people.example")
        assert f"{account}@tidings.example" in owner.get("/account").text


def test_an_address_changes_once_the_new_mailbox_says_so_and_the_old_one_is_told(system: System) -> None:
    account, _ = newcomer(system)
    new = f"moved.{account}@people.example"
    with visitor(system) as staff, visitor(system) as client, visitor(system) as mail_program:
        with_password(staff, "staff")
        with_password(client, account)
        asked = sent(client, client.get("/account/email"), "/account/email", present=PASSWORD, email=new)
        assert "Look at your new mailbox" in asked.text and new in asked.text
        link = link_to(staff, new)
        assert mail_program.get(link).status_code == mail_program.get(link).status_code == 200  # uses nothing up
        done = client.post(link, data={"form_token": token_in(client.get(link))})
        assert done.url.path == "/account" and "new address from now on" in done.text and new in done.text
        again = client.post(link, data={"form_token": token_in(client.get("/sign-out"))})
        assert again.status_code == 404 and "This link is over" in again.text
        told = until(lambda: mails_to(staff, f"{account}@tidings.example")[:3][2:])
        assert told, "that it has a password, that it is about to change, that it was changed"
        with visitor(system) as fresh:
            sent(fresh, fresh.get("/sign-in"), "/sign-in", email=new, password=PASSWORD)
            assert fresh.get("/account").url.path == "/account"


def test_a_lost_password_is_replaced_by_a_mailed_link(system: System) -> None:
    account, _ = newcomer(system)
    with visitor(system) as staff, visitor(system) as client:
        with_password(staff, "staff")
        form = client.get("/sign-in/forgotten")
        answers = [
            sent(client, form, "/sign-in/forgotten", email=f"{who}@tidings.example").text.replace(who, "…")
            for who in (account, "nobody.at.all")
        ]
        answers = [answer[answer.index("<main") : answer.index("</main>")] for answer in answers]
        assert answers[0] == answers[1] and "Look at your mail" in answers[0]
        link = link_to(staff, f"{account}@tidings.example")
        assert client.get(link).status_code == client.get(link).status_code == 200  # looking uses nothing up
        chosen = client.post(link, data={"form_token": token_in(client.get(link)), "password": NEW})
        assert chosen.url.path == "/sign-in" and "Sign in with your new password" in chosen.text
        again = client.post(link, data={"form_token": token_in(client.get(link)), "password": NEW})
        assert again.status_code == 404 and "This link is over" in again.text
        sent(client, client.get("/sign-in"), "/sign-in", email=f"{account}@tidings.example", password=NEW)
        assert client.get("/account").url.path == "/account"


def test_who_is_invited_makes_an_account_and_erases_it_again(system: System) -> None:
    with visitor(system) as staff, visitor(system) as cat:
        with_password(staff, "staff")
        page = staff.get("/staff/invitations")
        sent(staff, page, "/staff/invitations", email="cat@people.example", name="Cat Example")
        link = link_to(staff, "cat@people.example")
        page = cat.get(link)
        assert "invites cat@people.example" in page.text
        fields = {"form_token": token_in(page), "name": "Cat Example", "password": NEW}
        assert cat.post(link, data=fields).url.path == "/account"
        assert "Cat Example" in cat.get("/account").text
        kept = cat.get("/account/my-data.json").json()
        assert kept["me"]["person"]["email"] == "cat@people.example" and len(kept["sessions"]) == 1
        erased = sent(cat, cat.get("/account/erase"), "/account/erase", sure="yes")
        assert "Everything about you is erased" in erased.text


def test_whoever_invites_is_told_that_mail_to_an_address_comes_back(system: System) -> None:
    address = f"gone.{uuid4().hex[:8]}@people.example"
    report = made(SENDMAIL, address=address, status="5.1.1", mail_id="none")
    headers = {"authorization": f"Bearer {system.token('staff')}", "content-type": "message/rfc822"}
    taken = httpx.post(f"{system.url}/api/mail/returned", content=report, headers=headers)
    assert taken.json()["believed"] == 1, taken.text
    with visitor(system) as staff:
        with_password(staff, "staff")
        page = staff.get("/staff/invitations")
        told = sent(staff, page, "/staff/invitations", email=address.upper(), name="Gone Example")
        assert told.status_code == 422 and "comes back" in told.text and "send it all the same" in told.text
        assert mails_to(staff, address) == []
        done = sent(staff, told, "/staff/invitations", email=address, name="Gone Example", anyway="yes")
        assert done.status_code == 200 and "on its way" in done.text and "Mail comes back" in done.text
        assert until(lambda: mails_to(staff, address))


def test_an_invitation_by_the_api_says_that_its_mail_may_not_arrive_and_what_to_do(system: System) -> None:
    address = f"gone.{uuid4().hex[:8]}@people.example"
    headers = {"authorization": f"Bearer {system.token('staff')}"}
    with httpx.Client(base_url=f"{system.url}/api", headers=headers, timeout=20) as api:
        report = made(SENDMAIL, address=address, status="5.1.1", mail_id="none")
        api.post("/mail/returned", content=report, headers={"content-type": "message/rfc822"}).raise_for_status()
        gone = api.post("/invitations", json={"email": address, "name": "Gone Example"}).json()
        assert "comes back" in gone["warning"] and "withdraw this invitation" in gone["warning"]
        assert "5.1.1" in gone["warning"]
        fine = api.post("/invitations", json={"email": f"fine.{address}", "name": "Fine Example"}).json()
        assert fine["warning"] == ""
        listed = {one["id"]: one["warning"] for one in api.get("/invitations").json()["items"]}
        assert listed[gone["id"]] == gone["warning"] and listed[fine["id"]] == ""
        api.post("/mail/suppressions/lift", json={"address": address}).raise_for_status()
        again = api.post(f"/invitations/{gone['id']}/resend", json={}).json()
        assert again["warning"] == ""
        for one in (gone, fine):
            api.delete(f"/invitations/{one['id']}").raise_for_status()


def test_who_wants_no_news_gets_the_link_that_was_asked_for_all_the_same(system: System) -> None:
    account, _ = newcomer(system)
    headers = {"authorization": f"Bearer {system.token(account)}"}
    off = httpx.patch(f"{system.url}/api/preferences", json={"preset": "nothing", "newsletter": False}, headers=headers)
    assert off.status_code == 200, off.text
    with visitor(system) as staff, visitor(system) as client:
        with_password(staff, "staff")
        sent(client, client.get("/sign-in/forgotten"), "/sign-in/forgotten", email=f"{account}@tidings.example")
        assert "/sign-in/new-password/" in link_to(staff, f"{account}@tidings.example")


def token_in(page: httpx.Response) -> str:
    return re.findall(r'name="form_token" value="([^"]+)"', page.text)[-1]
