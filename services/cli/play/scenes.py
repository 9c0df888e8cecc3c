"""The scenes: small things that people do to networks and gatherings all day, most of them near the named network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx

from services.cli.play.watching import Done
from services.cli.seed import words
from services.cli.seed.cast import ASSOCIATE, HOME_BODY, HOME_CARE_GROUP, LEAD, MEMBER, OFFICER, STAFF
from services.cli.seed.names import FAMILY, GIVEN
from services.cli.seed.posts import LEADS
from services.cli.seed.register import aims_of

ACTORS = (STAFF, OFFICER, LEAD, MEMBER, ASSOCIATE)
Scene = Callable[[], Awaitable[Done]]


class Refused(Exception):
    """The system refused a change, and said why."""


class Scenes:
    """Does one thing after another, each by somebody who may."""

    def __init__(self, chance: Random, clients: Mapping[str, httpx.AsyncClient]) -> None:
        """*clients* are signed in, by e-mail address."""
        self._chance, self._clients = chance, clients
        self._networks: list[dict[str, Any]] = []
        self._people: list[str] = []
        self._events: list[dict[str, Any]] = []
        self._booked: set[str] = set()
        self._member_of: set[str] = set()

    async def look_around(self) -> None:
        """Learn which networks and people there are."""
        near = await self._get(STAFF, "/networks", sha=HOME_BODY, limit=100)
        self._networks = near["items"]
        self._people = [person["id"] for person in (await self._get(STAFF, "/people", limit=100))["items"]]
        mine = await self._get(ASSOCIATE, "/me")
        self._member_of = {network["id"] for network in mine["networks"]}

    def pause(self, mean: float) -> float:
        """Seconds to the next scene: changes come when they come."""
        return self._chance.expovariate(1 / mean)

    async def next(self) -> Done:
        """Do the next thing. Raises Refused."""
        scenes: dict[Scene, int] = {
            self._new_lead: 5, self._new_aims: 5, self._small_correction: 2, self._new_network: 1, self._schedule: 3,
            self._move: 2 * bool(self._events), self._cancel: bool(self._events), self._book: 2 * bool(self._events),
            self._join_or_leave: 2, self._stage: 1, self._evidence: 2,
        }  # fmt: skip
        return await self._chance.choices(list(scenes), weights=list(scenes.values()))[0]()

    async def _new_lead(self) -> Done:
        network, person, role = self._network(), self._chance.choice(self._people), self._chance.choice(LEADS)
        body = {"person_id": person, "role": role, "reason": self._chance.choice(words.TAKEN_REASONS)}
        await self._post(STAFF, f"/networks/{network['id']}/roles", body)
        return self._done(f"a new {role.replace('_', ' ')} for {network['name']}", network)

    async def _new_aims(self) -> Done:
        network = self._network()
        sentences = list(aims_of(network["care_group"]))
        self._chance.shuffle(sentences)
        aims = " ".join([*sentences, f"Reviewed at {datetime.now(UTC):%H:%M:%S}."])
        body = {"aims": aims, "reason": self._chance.choice(words.AIMS_REASONS)}
        await self._patch(STAFF, f"/networks/{network['id']}", body)
        return self._done(f"new aims of {network['name']}", network)

    async def _small_correction(self) -> Done:
        network = self._network()
        body = {"population": self._chance.randrange(400_000, 3_000_000, 1000), "minor": True, "reason": "A slip."}
        await self._patch(STAFF, f"/networks/{network['id']}", body)
        return self._done(f"a small correction to {network['name']}", network, minor=True)

    async def _stage(self) -> Done:
        network = self._network()
        stage = {"informal": "emerging", "managed": "emerging"}.get(network["stage"], "informal")
        body = {
            "to": stage,
            "reason": self._chance.choice(words.STAGE_REASONS.get(stage, ("Its board was dissolved.",))),
        }
        await self._post(STAFF, f"/networks/{network['id']}/stage", body)
        network["stage"] = stage
        return self._done(f"{network['name']} is now {stage}", network)

    async def _evidence(self) -> Done:
        network = self._network()
        stands = await self._get(STAFF, f"/networks/{network['id']}/standards")
        missing = [item["link"] for item in stands["items"] if item.get("met") is False and "kind=" in item["link"]]
        kind = missing[0].partition("kind=")[2].partition("#")[0] if missing else "audit"
        body = {
            "kind": kind, "title": f"{kind.replace('_', ' ').capitalize()} {datetime.now(UTC):%B %Y}",
            "link": f"https://papers.example/{network['slug'][:60]}/{kind}.pdf", "dated": str(datetime.now(UTC).date()),
        }  # fmt: skip
        await self._post(STAFF, f"/networks/{network['id']}/evidence", body)
        return Done(f"new evidence of {network['name']}: {kind}", f"/networks/{network['slug']}/standards")

    async def _new_network(self) -> Done:
        name = f"{self._chance.choice(FAMILY)} and {self._chance.choice(GIVEN)} Vale Stroke Network"
        body = {
            "name": name, "type": "disease", "care_group": HOME_CARE_GROUP, "bodies": [HOME_BODY],
            "aims": " ".join(aims_of("stroke")), "reason": "Three trusts agreed to work together.",
        }  # fmt: skip
        network = await self._post(STAFF, "/networks", body)
        self._networks.append(network)
        return self._done(f"a new network: {name}", network)

    async def _schedule(self) -> Done:
        network = self._network()
        title, kind, description = self._chance.choice(words.EVENTS)
        starts = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        starts += timedelta(days=self._chance.randint(7, 60), hours=self._chance.randint(-2, 2))
        event = await self._post(STAFF, "/events", {
            "title": title.format(name=network["name"], group=network["care_group"].capitalize()), "kind": kind,
            "description": description, "networks": [network["id"]], "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=3)).isoformat(), "place": "Larkenfield Hall", "capacity": 30,
        })  # fmt: skip
        self._events.append(event)
        return Done(f"scheduled: {event['title']}", f"/events/{event['id']}")

    async def _move(self) -> Done:
        event = self._chance.choice(self._events)
        starts = datetime.fromisoformat(event["starts_at"]) + timedelta(days=self._chance.choice((1, 2, 7)))
        body = {
            "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=3)).isoformat(),
            "reason": self._chance.choice(words.MOVED_REASONS),
        }  # fmt: skip
        event.update(await self._patch(STAFF, f"/events/{event['id']}", body))
        return Done(f"moved: {event['title']}", f"/events/{event['id']}")

    async def _cancel(self) -> Done:
        event = self._events.pop(self._chance.randrange(len(self._events)))
        await self._post(STAFF, f"/events/{event['id']}/cancel", {"reason": words.CANCELLED_REASONS[0]})
        return Done(f"cancelled: {event['title']}", f"/events/{event['id']}")

    async def _book(self) -> Done:
        event = self._chance.choice(self._events)
        path = f"/events/{event['id']}/bookings"
        if event["id"] in self._booked:
            self._booked.discard(event["id"])
            await self._call(MEMBER, "DELETE", f"{path}/mine")
            return Done(f"the member gives up a place: {event['title']}", f"/events/{event['id']}")
        self._booked.add(event["id"])
        await self._post(MEMBER, path, {})
        return Done(f"the member books a place: {event['title']}", f"/events/{event['id']}")

    async def _join_or_leave(self) -> Done:
        network = self._network()
        verb = "leave" if network["id"] in self._member_of else "join"
        self._member_of ^= {network["id"]}
        await self._post(ASSOCIATE, f"/networks/{network['id']}/{verb}", {})
        return self._done(f"the associate {verb}s {network['name']}", network)

    def _network(self) -> dict[str, Any]:
        """A network of the officer's area; every other time one that the member is near to."""
        near = [network for network in self._networks if network["care_group"] == HOME_CARE_GROUP]
        return self._chance.choice(near if near and self._chance.random() < 0.5 else self._networks)

    def _done(self, sentence: str, network: Mapping[str, Any], *, minor: bool = False) -> Done:
        return Done(sentence, f"/networks/{network['slug']}", minor)

    async def _get(self, who: str, path: str, **query: Any) -> dict[str, Any]:
        return await self._call(who, "GET", path, params=query)

    async def _post(self, who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._call(who, "POST", path, json=body)

    async def _patch(self, who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._call(who, "PATCH", path, json=body)

    async def _call(self, who: str, method: str, path: str, **sent: Any) -> dict[str, Any]:
        """The answer. Raises Refused with what the problem document says."""
        response = await self._clients[who].request(method, path, **sent)
        if response.is_error:
            problem = response.json() if "json" in response.headers.get("content-type", "") else {}
            raise Refused(f"{method} {path}: {problem.get('detail') or problem.get('title') or response.status_code}")
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer if isinstance(answer, dict) else {}
