"""Where staff must have an authenticator app, a password alone lets none of them in."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pyotp

from tests.flows.people import newcomer
from tests.flows.system import PASSWORD, System


def sent(client: httpx.Client, page: httpx.Response, path: str, **fields: str) -> httpx.Response:
    """The page that answers a form of *page* filled in with *fields*; what is hidden in it goes along."""
    form = page.text[page.text.index(f'action="{path}"') :].partition("</form>")[0]
    return client.post(path, data={**hidden_in(form), **fields})


def hidden_in(form: str) -> dict[str, str]:
    """The hidden fields of a form."""
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {unescape(name): unescape(value) for name, value in found}


def visitor(system: System) -> httpx.Client:
    """A browser of nobody."""
    return httpx.Client(base_url=system.url, follow_redirects=True, timeout=20)


def is_let_in(client: httpx.Client) -> bool:
    """Whether the page of staff is shown, and not the one for signing in."""
    return client.get("/staff").url.path == "/staff"


def with_password(client: httpx.Client, who: str) -> httpx.Response:
    """The page after the password."""
    address = f"{who}@tidings.example"
    return sent(client, client.get("/sign-in"), "/sign-in", email=address, password=PASSWORD)


def test_staff_set_up_an_app_before_they_are_let_in_and_need_its_code_from_then_on(strict: System) -> None:
    account, _ = newcomer(strict, is_staff=True)
    with visitor(strict) as client:
        page = with_password(client, account)
        assert "Set up an authenticator app" in page.text and not is_let_in(client)
        uri = unescape(re.findall(r'href="(otpauth:[^"]+)"', page.text)[0])
        app = pyotp.parse_uri(uri)
        assert isinstance(app, pyotp.TOTP)
        wrong = sent(client, page, "/sign-in/set-up", code="000000")
        assert "The code is not right" in wrong.text and app.secret[:4] in wrong.text
        assert not is_let_in(client)
        codes = re.findall(r"<code>([0-9a-f-]+)</code>", sent(client, wrong, "/sign-in/set-up", code=app.now()).text)
        assert len(codes) == 10 and is_let_in(client)
    with visitor(strict) as client:
        page = with_password(client, account)
        assert "Enter the code of your app" in page.text and not is_let_in(client)
        assert "The code is not right" in sent(client, page, "/sign-in/code", code=app.now()).text  # used above
        sent(client, page, "/sign-in/code", code=codes[0])
        assert is_let_in(client)


def test_a_member_signs_in_with_a_password_and_a_ticket_lets_nobody_guess_for_ever(strict: System) -> None:
    with visitor(strict) as client:
        with_password(client, "member")
        assert client.get("/alerts").status_code == 200
    with visitor(strict) as client:
        page = with_password(client, newcomer(strict, bodies=["Q36"])[0])
        answers = [sent(client, page, "/sign-in/set-up", code=f"{number:06}") for number in range(12)]
        assert [answer.status_code for answer in answers][-2:] == [429, 429]
        assert "Too many wrong codes" in answers[-1].text and answers[-1].headers["retry-after"]
