"""What is another's is not to be had: by no page, no address of the API, no stream, no file, and by no guessed id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.security.samples import until
from tests.security.visiting import HOME, Person, Site

WORD = "Quillwort"
"""Stands in everything private that is made here, and in nothing else."""
REFUSED = (401, 403, 404)
FILLED = {"less": {"what": "mute"}, "why": {"what": "mute"}, "rename": {"name": "Another"}}
"""What the last part of an address takes, so that it is not refused for being empty."""
OTHER_BODY = "Q32"
COMMISSIONER = "north-west-specialised-commissioning-group"


@dataclass(frozen=True)
class Private:
    """The ids of what was made: a challenge, a service change, a webhook, a saved search, and the like."""

    challenge: str
    change: str
    hook: str
    delivery: str
    search: str
    issue: str
    number: int
    token: str
    alert: str
    member: str
    event: str


@pytest.fixture(scope="module")
def private(site: Site) -> Private:
    staff, member, lead = site.as_("staff"), site.as_("member"), site.as_("lead")
    challenge = staff.made(f"/networks/{_id_of(site, COMMISSIONER)}/challenges", {
        "provider": _id_of(site, HOME), "subject": f"{WORD} subject", "text": f"{WORD} text",
        "answer_by": f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%d}",
        "visibility": "private",
    })  # fmt: skip
    change = lead.made(f"/networks/{_id_of(site, HOME)}/service-changes", {
        "title": f"{WORD} wards", "description": f"{WORD} in words.", "from_on": "2099-04-01", "impacts": [],
    })  # fmt: skip
    hook = member.made("/subscriptions", {"name": WORD, "url": f"http://127.0.0.1:9/{WORD}", "owner": "me"})
    sent = member.made(f"/subscriptions/{hook['id']}/test", {})
    search = member.made("/searches", {"name": WORD, "q": WORD})
    token = member.made("/tokens", {"scopes": ["alerts:read"], "days": 1})
    issue = staff.api("GET", "/newsletter/issues").json()["items"][0]
    staff.made(f"/newsletter/issues/{issue['id']}/items", {"headline": f"{WORD} headline", "text": WORD})
    until(lambda: WORD in lead.api("GET", "/alerts?limit=50").text)
    alerts = [a for a in lead.api("GET", "/alerts?limit=50").json()["items"] if WORD in a["headline"]]
    return Private(
        challenge["id"], change["id"], hook["id"], str(sent["id"]), search["id"], issue["id"], issue["number"],
        token["id"], alerts[0]["message_id"], member.api("GET", "/me").json()["person"]["id"],
        site.as_("staff").api("GET", f"/events?network={_id_of(site, HOME)}").json()["items"][0]["id"],
    )  # fmt: skip


def _id_of(site: Site, slug: str) -> str:
    return str(site.as_("staff").api("GET", f"/networks/{slug}").json()["id"])


def given_away(site: Site, who: Iterable[str], probes: Iterable[tuple[str, str]]) -> list[str]:
    """The probes (method, path) that were not refused, or whose answer holds the word."""
    found = []
    for name in who:
        for method, path in probes:
            status, body = tried(site.as_(name), method, path)
            if status not in REFUSED or WORD in body:
                found.append(f"{name} {method} {path}: {status}")
    return found


def tried(person: Person, method: str, path: str) -> tuple[int, str]:
    """(401 for being sent to sign in, else the status; what was answered). A form and a body say what would do."""
    filled = FILLED.get(path.partition("?")[0].rpartition("/")[2], {})
    options: dict[str, Any] = {"headers": {"x-csrf-token": person.form_token}}
    if method != "GET":
        form = {"form_token": person.form_token, "preview": "yes", "what": "approve", "reason": "x", **filled}
        options |= {"json": filled} if path.startswith("/api/") else {"data": form}
    with person.browser.stream(method, path, **options) as answer:
        body = "" if "event-stream" in answer.headers.get("content-type", "") else answer.read().decode()
        sent_away = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        return 401 if sent_away else answer.status_code, body


STRANGERS = ("anonymous", "associate", "officer of another body")


def test_a_private_challenge_is_seen_by_nobody_outside_it(site: Site, private: Private) -> None:
    page, api = f"/challenges/{private.challenge}", f"/api/challenges/{private.challenge}"
    probes = [
        ("GET", page),
        ("POST", page),
        ("GET", api),
        ("GET", f"{api}/replies"),
        ("POST", f"{api}/replies?preview=true"),
    ]
    assert given_away(site, (*STRANGERS, "member"), probes) == []


def test_a_service_change_is_seen_by_nobody_before_its_network_approved_it(site: Site, private: Private) -> None:
    page, api = f"/service-changes/{private.change}", f"/api/service-changes/{private.change}"
    probes = [("GET", page), ("POST", page), ("GET", f"{page}/edit"), ("POST", f"{page}/edit"), ("GET", api)]
    probes += [
        (verb, f"{api}{what}?preview=true")
        for verb, what in (("PATCH", ""), ("POST", "/approve"), ("POST", "/withdraw"))
    ]
    assert given_away(site, (*STRANGERS, "member"), probes) == []


def test_what_is_private_stands_in_no_list_feed_file_or_search(site: Site, private: Private) -> None:
    home = _id_of(site, HOME)
    lists = (
        "/", "/challenges", f"/networks/{HOME}/challenges", f"/networks/{COMMISSIONER}/challenges",
        f"/networks/{HOME}", f"/networks/{HOME}/history", "/service-changes",
        f"/networks/{HOME}/service-changes", "/newsletter", f"/networks/{HOME}/feed.atom",
        f"/networks/{COMMISSIONER}/feed.atom", "/care-groups/cardiovascular/feed.atom",
        "/api/challenges", "/api/service-changes",
        "/api/changes?limit=50", f"/api/networks/{home}/history",
        f"/api/networks/{home}/fields", "/downloads/challenges.csv", "/downloads/service-changes.csv",
        f"/downloads/history.csv?network={home}", "/api/newsletter/archive",
    )  # fmt: skip
    shown = [f"{who} {path}" for who in STRANGERS for path in lists if WORD in site.as_(who).get(path).text]
    assert shown == []
    assert site.as_("associate").api("GET", f"/networks?q={WORD}").json()["total"] == 0


def test_the_trace_of_a_private_change_says_nothing_of_it_to_strangers(site: Site, private: Private) -> None:
    alerts = site.as_("lead").api("GET", "/alerts?limit=50").json()["items"]
    message = next(alert["message_id"] for alert in alerts if WORD in alert["headline"])
    assert WORD in site.as_("staff").get(f"/changes/{message}").text
    for who in STRANGERS:
        assert WORD not in site.as_(who).get(f"/changes/{message}").text
        assert WORD not in site.as_(who).get(f"/api/changes/{message}").text


def test_a_draft_of_the_newsletter_is_seen_by_staff_alone(site: Site, private: Private) -> None:
    page, api = f"/staff/newsletter/{private.issue}", f"/api/newsletter/issues/{private.issue}"
    probes = [("GET", f"{page}{what}") for what in ("", "/items", "/preview", "/preview/html")]
    probes += [("GET", f"{api}{what}") for what in ("", "/mark", "/progress", "/preview")]
    probes += [("GET", f"/live/newsletter/{private.issue}/{what}") for what in ("desk", "progress")]
    probes += [("GET", f"/newsletter/{private.number}"), ("GET", f"/api/newsletter/archive/{private.number}")]
    probes += [("POST", f"{page}/{what}") for what in ("approve", "words", "items", "test", "send")]
    assert given_away(site, (*STRANGERS, "member", "lead"), probes) == []


def test_a_webhook_is_its_owner_s(site: Site, private: Private) -> None:
    page, api = f"/subscriptions/{private.hook}", f"/api/subscriptions/{private.hook}"
    probes = [("GET", f"{page}{what}") for what in ("", "/edit", f"/log/{private.delivery}")]
    probes += [
        ("POST", f"{page}{what}")
        for what in ("/edit", f"/log/{private.delivery}", "/secret", "/test", "/disable", "/remove")
    ]
    probes += [("GET", f"{api}{what}") for what in ("", "/deliveries", f"/deliveries/{private.delivery}", "/stream")]
    probes += [
        ("POST", f"{api}{what}?preview=true") for what in ("/secret", "/test", "/redeliver", "/disable", "/enable")
    ]
    probes += [("DELETE", f"{api}?preview=true"), ("PATCH", f"{api}?preview=true")]
    assert given_away(site, (*STRANGERS, "lead"), probes) == []
    for who in ("associate", "lead"):
        assert WORD not in site.as_(who).api("GET", "/subscriptions?everybody=true").text


def test_searches_alerts_tokens_and_records_are_their_owner_s(site: Site, private: Private) -> None:
    probes = [("GET", f"/searches/{private.search}"), ("POST", f"/searches/{private.search}/rename")]
    probes += [("POST", f"/searches/{private.search}/delete"), ("GET", f"/api/searches/{private.search}")]
    probes += [("POST", f"/api/searches/{private.search}/delete?preview=true")]
    probes += [("GET", f"/alerts/{private.alert}/why"), ("POST", f"/alerts/{private.alert}/why")]
    probes += [("GET", f"/api/alerts/{private.alert}/why"), ("POST", f"/api/alerts/{private.alert}/less?preview=true")]
    probes += [("DELETE", f"/api/tokens/{private.token}?preview=true")]
    probes += [(verb, f"/api/people/{private.member}?preview=true") for verb in ("GET", "PATCH", "DELETE")]
    probes += [("POST", f"/api/people/{private.member}/password?preview=true")]
    probes += [("DELETE", f"/api/people/{private.member}/second-factor?preview=true")]
    probes += [("GET", f"/api/events/{private.event}/bookings")]
    assert given_away(site, STRANGERS, probes) == []


def test_another_body_s_area_is_closed_to_an_officer(site: Site) -> None:
    page, api = f"/oversight/{OTHER_BODY}", f"/api/oversight/{OTHER_BODY}"
    probes = [
        ("GET", page),
        ("POST", f"{page}/seen"),
        ("GET", f"{page}/feed.atom"),
        ("GET", api),
        ("GET", f"{api}/feed"),
    ]
    probes += [
        ("POST", f"{api}/feed/seen?preview=true"),
        ("GET", f"{api}/feed/stream"),
        ("GET", f"/live/feed/{OTHER_BODY}"),
    ]
    probes += [("GET", f"/downloads/feed.csv?body={OTHER_BODY}"), ("GET", "/api/oversight")]
    assert given_away(site, ("anonymous", "member", "lead", "officer"), probes) == []
    key = site.as_("member").made("/feed-key", {})["key"]
    for body in ("Q31", OTHER_BODY):
        assert site.as_("anonymous").get(f"/oversight/{body}/feed.atom?key={key}").status_code == 403


@pytest.mark.parametrize("fields", [{"is_staff": True}, {"bodies": ["Q31"]}, {"is_associate": True}])
def test_nobody_makes_more_of_themselves(site: Site, private: Private, fields: dict[str, object]) -> None:
    member = site.as_("member")
    answer = member.api("PATCH", f"/people/{private.member}", fields)
    me = member.api("GET", "/me").json()
    assert answer.status_code == 403 and (me["is_staff"], me["bodies"]) == (False, [])


def test_nobody_takes_the_address_of_another(site: Site, private: Private) -> None:
    """One's own goes by the password and a mailed link alone; staff cannot give the same to two."""
    taken = {"email": "officer@tidings.example"}
    assert site.as_("member").api("PATCH", f"/people/{private.member}", taken).status_code == 403
    assert site.as_("staff").api("PATCH", f"/people/{private.member}", taken).status_code == 409


@pytest.mark.parametrize("made", ["{id}.29991231.0", "{id}.29991231.", "{id}", "{id}.29991231.0%0a", "%00"])
def test_a_link_to_another_s_preferences_cannot_be_made_up(site: Site, private: Private, made: str) -> None:
    link = made.format(id=private.member)
    probes = [("GET", f"/preferences/{link}"), ("POST", f"/preferences/{link}")]
    probes += [("GET", f"/api/preferences/pass/{link}"), ("PATCH", f"/api/preferences/pass/{link}?preview=true")]
    assert given_away(site, ("anonymous", "associate"), probes) == []
