"""A required role that nobody holds: its clock strikes on its days, once each, whoever looks and whenever."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from services.registry.commands.vacancies import escalate
from shared import clock
from tests.registry.standing import BOTH, Networks

VACANCIES = "registry.vacancies"


async def escalated(networks: Networks, network: str) -> list[tuple[int, str, str]]:
    """(days, significance, headline) of every escalation that was announced."""
    said = [m for m in await networks.said(VACANCIES, network) if m.type.endswith("escalated.v1")]
    return [(m.state["days"], m.announcement.significance, m.announcement.headline) for m in said if m.announcement]


@BOTH
async def test_the_clock_strikes_at_30_60_and_90_days_louder_each_time_and_once(networks: Networks) -> None:
    network = await networks.green(name="Mersey")
    cause = await networks.role(network, "lead_nurse", status="ended", revision=2)
    (vacancy,) = (await networks.standards(network))["vacancies"]
    assert (vacancy["name"], vacancy["days"], vacancy["escalated"]) == ("Lead nurse", 0, 0)
    for days in (29, 31, 31, 59, 61, 91, 91, 300):
        await networks.turn(days)
    assert await escalated(networks, network) == [
        (30, "minor", "Mersey has had no lead nurse for 30 days"),
        (60, "normal", "Mersey has had no lead nurse for 60 days"),
        (90, "major", "Mersey has had no lead nurse for 90 days"),
    ]
    said = [m for m in await networks.said(VACANCIES, network) if m.type.endswith("escalated.v1")]
    assert {m.causationid for m in said} == {cause}
    assert set(said[0].announcement.concerns.audiences()) == {f"network:{network}", "body:Q31"}  # type: ignore[union-attr]


@BOTH
async def test_two_processes_that_catch_up_after_months_strike_once_each(networks: Networks) -> None:
    network = await networks.green()
    await networks.role(network, "lead_nurse", status="ended", revision=2)
    database = networks.rig.parts.database

    async def process() -> None:
        async with database.transaction() as session:
            await escalate(session)

    with clock.at(clock.now() + timedelta(days=120)):
        await asyncio.gather(*(process() for _ in range(4)))
    assert [days for days, _, _ in await escalated(networks, network)] == [30, 60, 90]


async def test_what_was_due_before_the_register_knew_is_told_by_its_last_alone(networks: Networks) -> None:
    network = await networks.green()
    left = clock.today() - timedelta(days=75)
    await networks.role(network, "lead_nurse", status="ended", revision=2, until=left)
    assert (await networks.standards(network))["vacancies"][0]["days"] == 74
    await networks.turn()
    assert [days for days, _, _ in await escalated(networks, network)] == [60]
    said = [m.state["days"] for m in await networks.said(VACANCIES, network) if m.type.endswith("escalated.v1")]
    assert said == [30, 60]
    await networks.turn(days=20)
    assert [days for days, _, _ in await escalated(networks, network)] == [60, 90]


async def test_who_takes_the_role_stops_the_clock_and_the_next_vacancy_starts_another(networks: Networks) -> None:
    network = await networks.green()
    await networks.role(network, "lead_nurse", status="ended", revision=2)
    await networks.turn(days=31)
    taken = await networks.role(network, "lead_nurse", "nia")
    ended = (await networks.said(VACANCIES, network))[-1]
    assert (ended.type, ended.state["status"], ended.causationid) == (
        "networks.registry.vacancy.ended.v1", "filled", taken
    )  # fmt: skip
    assert await networks.turn(days=400) > 0  # evidence lapses; nobody speaks of the nurse any more
    await networks.role(network, "lead_nurse", "nia", status="ended", revision=2)
    (vacancy,) = (await networks.standards(network))["vacancies"]
    assert (vacancy["escalated"], vacancy["next_on"]) == (0, str(clock.today() + timedelta(days=30)))


async def test_the_days_of_the_clock_are_data(networks: Networks) -> None:
    network = await networks.green()
    await networks.role(network, "lead_nurse", status="ended", revision=2)
    rule = {"needs": "role", "roles": ["lead_nurse"], "escalate_after_days": [7]}
    await networks.got("PATCH", "/standards/" + await networks.standard("lead_nurse"), {"rule": rule})
    await networks.settled()
    await networks.turn(days=8)
    assert [(days, weight) for days, weight, _ in await escalated(networks, network)] == [(7, "major")]
    without = {"needs": "role", "roles": ["lead_nurse"], "escalate_after_days": []}
    await networks.got("PATCH", "/standards/" + await networks.standard("lead_nurse"), {"rule": without})
    await networks.settled()
    assert (await networks.standards(network))["vacancies"] == []


async def test_a_role_required_only_from_now_on_is_vacant_from_now_on(networks: Networks) -> None:
    network = await networks.green()
    await networks.role(network, "chair", status="ended", until=clock.today() - timedelta(days=200))
    new = {"name": "Chair", "sentence": "Nobody chairs it", "severity": "amber", "stages": ["managed"]}
    await networks.got("POST", "/standards", {**new, "rule": {"needs": "role", "roles": ["chair"]}})
    await networks.settled()
    assert [v["days"] for v in (await networks.standards(network))["vacancies"]] == [0]
