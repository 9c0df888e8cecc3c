"""A network whose leads decide on changes of its services, for the tests of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.auth import Principal
from shared.envelope import Envelope

IMPACTS = [
    {"staff_group": "nursing_and_midwifery", "wte": 2.5, "training": "Thrombolysis at night", "people": 14},
    {"staff_group": "administrative_and_clerical", "wte": -0.4, "from_on": "2027-09-01"},
]
OFFICER = Principal("officer-1", bodies=frozenset({"Q31"}))


@dataclass
class Scene:
    """A network with all its leads, and somebody of another."""

    register: Any
    network: str
    manager: Principal
    doctor: Principal
    nurse: Principal
    chair: Principal
    stranger: Principal

    async def proposed(self, **fields: Any) -> Any:
        """A proposal of the chair."""
        body = {"title": "Stroke unit open at night", "from_on": "2027-04-01", "impacts": IMPACTS, **fields}
        return await self.register.post(f"/networks/{self.network}/service-changes", body, by=self.chair)

    async def does(self, what: str, found: Any, by: Principal, *, reason: str = "", **headers: str) -> Any:
        """The answer to approving, declining or withdrawing."""
        path = f"/service-changes/{found['id']}/{what}"
        return await self.register.ask("POST", path, {"reason": reason}, by=by, **headers)

    async def approved(self, **fields: Any) -> Any:
        """A proposal that the manager and the doctor approved."""
        found = await self.proposed(**fields)
        await self.does("approve", found, self.manager)
        return (await self.does("approve", found, self.doctor)).json()

    async def said(self) -> list[Envelope]:
        """The messages about service changes."""
        return await self.register.said("registry.service-changes")


async def with_leads(register: Any) -> Scene:
    """The network and its people."""
    network = await register.network("Mersey Stroke Network", bodies=["Q31", "Q32"])
    other = await register.network("Trent Stroke Network", bodies=["Q33"])
    return Scene(
        register, network,
        manager=await register.person("Mina", lead_manager=network),
        doctor=await register.person("Dev", lead_doctor=network),
        nurse=await register.person("Nell", lead_nurse=network),
        chair=await register.person("Cho", chair=network),
        stranger=await register.person("Stan", lead_manager=other, lead_doctor=other),
    )  # fmt: skip
