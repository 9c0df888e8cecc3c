"""What stands for `{slug}`, `{id}` and the like when a route is gone to: real things of the demonstration."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from tests.flows.system import PASSWORD
from tests.security.visiting import HOME, Site

BODY = "Q31"
WHAT = {
    "/oversight/{body}/feed/{message_id}/{what}": "note",
    "/networks/imports/{id}/download/{what}": "file", "/networks/imports/{id}/{what}": "discard",
    "/networks/{slug}/do/{what}": "follow", "/links/{id}/{what}": "confirm",
    "/staff/overlaps/{id}/{what}": "dismiss", "/networks/{slug}/overlaps/{id}/{what}": "dismiss",
    "/networks/together/{batch_id}/{what}": "undo",
    "/staff/newsletter/{id}/{what}": "approve", "/subscriptions/{id}/{what}": "disable",
}  # fmt: skip
QUERIES = {
    "/api/pathway": "care_group=stroke", "/api/graph": "care_group=stroke", "/api/overlaps": "limit=5",
    "/api/networks/compare": "from=2026-01-01&to=2026-06-01",
    "/api/networks/{network_id}/difference": "from=2026-01-01&to=2026-06-01",
    "/networks/{slug}/compare": "from=2026-01-01",
    "/api/networks/{network_id}/members/shared": "with=3-counties-cancer-network",
}  # fmt: skip


class Samples:
    """Real addresses for the templates of routes."""

    def __init__(self, site: Site) -> None:
        """Look for what there is; make what there is not."""
        self._site = site
        network = self._first(f"/networks/{HOME}")
        self.network_id = network["id"]
        self.member_id = site.as_("member").api("GET", "/me").json()["person"]["id"]
        hook = self._webhook()
        issue = self._first("/newsletter/issues")
        whole = self._first(f"/newsletter/issues/{issue['id']}")
        imported, change, link = self._imported(), self._of_home("service-changes"), self._confirmed_link()
        self._by_name: dict[str, str] = {
            "slug": HOME, "network_id": self.network_id, "body": BODY, "person_id": self.member_id, "list": "networks",
            "format": "csv", "name:path": "cancer", "kind": "Organization", "number": "51", "code": "lead_nurse",
            "standard_id": self._first("/standards")["id"], "import_id": imported["id"],
            "evidence_id": self._of_home("evidence")["id"], "change_id": change["id"],
            "challenge_id": self._of_home("challenges")["id"], "link_id": link["id"],
            "overlap_id": self._overlap(), "event_id": self._first(f"/events?network={self.network_id}")["id"],
            "role_id": self._of_home("roles")["id"], "issue_id": issue["id"], "item_id": whole["items"][0]["id"],
            "item": whole["items"][0]["id"], "subscription_id": hook["id"],
            "search_id": self._first("/searches", "member")["id"],
            "organisation_id": self._first("/organisations")["id"],
            "message_id": self._first("/alerts", "member")["message_id"], "path:path": "there-is-no-page",
            "rest:path": "/no/such/thing", "browser_id": "none", "token_id": "none", "made": "none", "token": "none",
            "link": "none", "id": self.network_id, "batch_id": self._batch(), "service": "registry", "number:int": "1",
            "how": "retry", "message": "registry_network_changed_v1",
            "operation": "get_network_networks__network_id__get",
            "key": "none", "invitation_id": "none", "session": "none",
        }  # fmt: skip
        self._by_place = [
            ("/role-batches/{batch_id}", f"/role-batches/{(roles := self._role_batch())}"),
            ("/together/roles/{batch_id}", f"/together/roles/{roles}"),
            ("/oversight/{body}/feed/{message_id}", f"/oversight/{BODY}/feed/{self._line()}"),
            ("/networks/imports/{id}", f"/networks/imports/{imported['id']}"), ("/links/{id}", "/links/{link_id}"),
            ("/overlaps/{id}", "/overlaps/{overlap_id}"), ("/events/{id}", "/events/{event_id}"),
            ("/challenges/{id}", "/challenges/{challenge_id}"), ("/alerts/{id}", "/alerts/{message_id}"),
            ("/service-changes/{id}", "/service-changes/{change_id}"), ("/changes/{id}", "/changes/{message_id}"),
            ("newsletter/{id}", "newsletter/{issue_id}"), ("/mailbox/{id}", f"/mailbox/{self._mail()}"),
            ("/mailbox/{message_id}", f"/mailbox/{self._mail()}"),
            ("/subscriptions/{id}", "/subscriptions/{subscription_id}"),
            ("/log/{number}", f"/log/{hook['number']}"), ("/deliveries/{number}", f"/deliveries/{hook['number']}"),
        ]  # fmt: skip

    def form(self, template: str) -> dict[str, str]:
        """What the form at a page's *template* is filled in with: enough to be refused for who sends it."""
        person = {"person_id": self.member_id, "role": "chair"}
        return {
            "/networks/{slug}/rename": {"name": "Another name", "read_revision": "1"},
            "/networks/{slug}/edit": {"read_revision": "1"}, "/networks/{slug}/roles": person,
            "/networks/{slug}/links": {"other_id": self._by_name["overlap_id"], "kind": "works_with"},
            "/challenges/{id}": {"kind": "comment", "text": "A word."}, "/links/{id}": {"read_revision": "1"},
            "/links/{id}/{what}": {"read_revision": "1"},
            "/service-changes/{id}": {"what": "approve"}, "/service-changes/{id}/edit": {"read_revision": "1"},
            "/account/second-factor": {"password": PASSWORD},
        }.get(template, {})  # fmt: skip

    def address(self, template: str) -> str:
        """A real address for a route's *template*."""
        query = QUERIES.get(template, "")
        path = template.replace("{what}", WHAT.get(template, "{what}"))
        for place, there in self._by_place:
            path = path.replace(place, there)
        path = re.sub(r"\{([^}]+)\}", lambda found: self._by_name[found[1]], path)
        return f"{path}?{query}" if query else path

    def _imported(self) -> Any:
        """An import that was applied: of one that is not over, some pages lead on to its next step."""
        items = self._site.as_("staff").api("GET", "/imports").json()["items"]
        return next(one for one in items if one["status"] in ("applied", "undone"))

    def _first(self, path: str, who: str = "staff") -> dict[str, Any]:
        """The first of a list, or the one thing, at *path*."""
        answer = self._site.as_(who).api("GET", path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found["items"][0] if "next" in found else found

    def _of_home(self, what: str) -> dict[str, Any]:
        return self._first(f"/networks/{HOME}/{what}")

    def _confirmed_link(self) -> dict[str, Any]:
        return self._first(f"/networks/{HOME}/links?status=confirmed")

    def _overlap(self) -> str:
        """An overlap of a network that the lead may change, too."""
        found = self._first("/overlaps")
        lead = self._site.as_("lead").api("GET", "/me").json()["person"]["id"]
        role = {"person_id": lead, "role": "co_ordinator", "replace": False}
        self._site.as_("staff").api("POST", f"/networks/{found['network']['id']}/roles", role)
        path = f"/overlaps/{found['id']}/dismiss?preview=true"
        until(lambda: self._site.as_("lead").api("POST", path, {}).status_code != 403)
        return str(found["id"])

    def _line(self) -> str:
        """A line of the body's feed."""
        return str(self._first(f"/oversight/{BODY}/feed")["message_id"])

    def _batch(self) -> str:
        """A change of many networks."""
        wanted = {
            "networks": [self.network_id],
            "change": {"aims": f"Nobody waits for a bed ({time.time_ns()})."},
            "minor": True,
        }
        return str(self._site.as_("staff").made("/batches", wanted)["id"])

    def _role_batch(self) -> str:
        """A role that somebody was given in many networks."""
        wanted = {"networks": [self.network_id], "person_id": self.member_id, "role": "sha_lead", "minor": True}
        made = self._site.as_("staff").made("/role-batches", wanted)
        self._site.as_("staff").made(f"/role-batches/{made['id']}/undo", {})
        return str(made["id"])

    def _webhook(self) -> dict[str, Any]:
        """A webhook of the member, with a message in its log."""
        wanted = {"name": "A sample", "url": "http://127.0.0.1:9/", "form": "signal", "owner": "me"}
        hook: dict[str, Any] = self._site.as_("member").made("/subscriptions", wanted)
        sent = self._site.as_("member").made(f"/subscriptions/{hook['id']}/test", {})
        return {"id": hook["id"], "number": str(sent["id"])}

    def _mail(self) -> str:
        """A mail in the mailbox."""
        staff = self._site.as_("staff")
        if not staff.api("GET", "/mailbox").json()["items"]:
            staff.made("/newsletter/sign-ups", {"email": "reader@people.example"})
            until(lambda: staff.api("GET", "/mailbox").json()["items"])
        return str(staff.api("GET", "/mailbox").json()["items"][0]["message_id"])


def until(holds: Callable[[], Any], seconds: float = 20) -> Any:
    """What *holds* says once it is true; fails after *seconds*."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came to hold")
