"""A commissioner network and a provider network that it challenges, for the tests of that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.registry.commands import turn_challenges
from shared import clock
from shared.auth import Principal
from shared.envelope import Envelope
from tests.days import today
from tests.service_rig import STAFF

SUBJECT, TEXT = "Door to needle times", "Only **41 %** are treated within the hour. Why, and what will you do?"
OFFICER, ELSEWHERE = (
    Principal("officer-1", bodies=frozenset({"Q31"})),
    Principal("officer-2", bodies=frozenset({"Q36"})),
)


@dataclass
class Scene:
    """A commissioner network and a provider network, those who speak for them, and one with no say."""

    register: Any
    commissioners: str
    providers: str
    asker: Principal
    answerer: Principal
    patient: Principal
    stranger: Principal

    async def challenged(self, **fields: Any) -> Any:
        """A challenge raised by the commissioners."""
        body = {
            "provider": self.providers, "subject": SUBJECT, "text": TEXT,
            "answer_by": str(today() + timedelta(days=30)), **fields,
        }  # fmt: skip
        return await self.register.post(f"/networks/{self.commissioners}/challenges", body, by=self.asker)

    async def reply(self, challenge: Any, kind: str, by: Principal, **fields: Any) -> Any:
        """The answer to writing into the thread."""
        return await self.register.ask(
            "POST", f"/challenges/{challenge['id']}/replies", {"kind": kind, **fields}, by=by
        )

    async def thread(self, challenge: Any, by: Principal = STAFF) -> list[Any]:
        """The entries of the thread."""
        return list((await self.register.get(f"/challenges/{challenge['id']}/replies", by=by))["items"])

    async def said(self) -> list[Envelope]:
        """The messages about challenges."""
        return await self.register.said("registry.challenges")


async def both_sides(register: Any) -> Scene:
    """The two networks and their people."""
    commissioners = await register.network("North West Commissioners", side="commissioner", bodies=["Q31"])
    providers = await register.network("Mersey Stroke Network", side="provider", bodies=["Q31"])
    other = await register.network("Trent Stroke Network", side="provider", bodies=["Q33"])
    return Scene(
        register, commissioners, providers,
        asker=await register.person("Asha", lead_manager=commissioners),
        answerer=await register.person("Anwar", lead_doctor=providers),
        patient=await register.person("Pat", patient_representative=providers),
        stranger=await register.person("Stan", lead_manager=other),
    )  # fmt: skip


async def turn(register: Any, day: Any) -> None:
    """Look at the calendar on *day*."""
    with clock.at(clock.now() + (day - today())):
        async with register.database.transaction() as session:
            await turn_challenges(session)
