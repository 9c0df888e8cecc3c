"""Evidence: recorded, changed, retracted, and out of date by the clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.registry.commands.evidence import lapse_evidence
from shared import clock
from shared.auth import Principal
from tests.days import today
from tests.registry.standing import BOTH, Networks


def our_plan() -> dict[str, str]:
    """A plan of today, as it is shown as evidence."""
    return {"kind": "annual_plan", "title": "Our plan", "link": "https://x.example/plan", "dated": str(today())}


@BOTH
async def test_evidence_out_of_date_turns_its_network_red_once_with_the_lapse_as_the_cause(networks: Networks) -> None:
    network = await networks.green(name="Mersey")
    plan = (await networks.got("GET", f"/networks/{network}/evidence?kind=annual_plan"))["items"][0]
    assert plan["review_by"] == str(today() + timedelta(days=365))
    await networks.got("PATCH", f"/networks/{network}/evidence/{plan['id']}", {"review_by": str(today())})
    await networks.turn()
    assert await networks.health(network) == "green"
    database = networks.rig.parts.database

    async def process() -> None:
        async with database.transaction() as session:
            await lapse_evidence(session)

    with clock.at(clock.now() + timedelta(days=1)):
        await asyncio.gather(*(process() for _ in range(4)))
    (lapsed,) = [m for m in await networks.said("registry.evidence", network) if m.type.endswith("lapsed.v1")]
    last = (await networks.said("registry.health", network))[-1]
    assert (last.state["health"], last.causationid, lapsed.subject) == ("red", lapsed.id, plan["id"])
    assert last.announcement and last.announcement.headline == (
        f"Mersey is red: no annual plan is in date (it went out of date after {today().day} {today():%B %Y})"
    )


async def test_new_evidence_mends_and_retracting_it_breaks_again(networks: Networks) -> None:
    network = await networks.green()
    first = (await networks.got("GET", f"/networks/{network}/evidence?kind=audit"))["items"][0]
    await networks.got("POST", f"/networks/{network}/evidence/{first['id']}/retract", {"reason": "Wrong file"})
    assert await networks.health(network) == "red"
    await networks.evidence(network, "audit")
    assert await networks.health(network) == "green"
    again = await networks.ask("POST", f"/networks/{network}/evidence/{first['id']}/retract", {})
    assert again.status_code == 409
    last = (await networks.said("registry.health", network))[-1]
    recorded = [m for m in await networks.said("registry.evidence", network) if m.type.endswith("recorded.v1")][-1]
    assert last.causationid == recorded.id


async def test_evidence_renewed_after_its_day_counts_again(networks: Networks) -> None:
    network = await networks.green()
    plan = (await networks.got("GET", f"/networks/{network}/evidence?kind=annual_plan"))["items"][0]
    await networks.turn(days=366)
    assert await networks.health(network) == "red"
    for kind in ("annual_plan", "audit", "public_report"):
        item = (await networks.got("GET", f"/networks/{network}/evidence?kind={kind}"))["items"][0]
        assert item["status"] == "lapsed"
        body = {"review_by": str(today() + timedelta(days=700))}
        renewed = await networks.got("PATCH", f"/networks/{network}/evidence/{item['id']}", body)
        assert renewed["status"] == "current"
    assert await networks.health(network) == "green"
    assert plan["revision"] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "poem"}, "annual_plan, audit"), ({"link": "javascript:alert(1)"}, "https://"),
        ({"link": "//elsewhere.example"}, "https://"), ({"dated": str(today() + timedelta(days=2))}, "future"),
        ({"review_by": "2001-01-01"}, "before the date"), ({"title": ""}, "title"), ({"surprise": 1}, "remove it"),
    ],
)  # fmt: skip
async def test_what_is_not_sound_is_refused_with_a_sentence(
    networks: Networks, change: dict[str, Any], words: str
) -> None:
    network = await networks.network()
    answer = await networks.ask("POST", f"/networks/{network}/evidence", {**our_plan(), **change})
    assert answer.status_code == 422 and words in answer.text
    assert (await networks.got("GET", f"/networks/{network}/evidence"))["total"] == 0


async def test_only_those_who_edit_a_network_record_its_evidence_and_everybody_reads_it(networks: Networks) -> None:
    network, nobody = await networks.network(), Principal("somebody")
    path = f"/networks/{network}/evidence"
    assert (await networks.ask("POST", path, our_plan(), by=nobody)).status_code == 403
    await networks.person("somebody", [])
    await networks.role(network, "lead_manager", "somebody")
    made = await networks.got("POST", path, our_plan(), by=nobody)
    assert (made["recorded_by_name"], made["revision"]) == ("Somebody", 1)
    assert (await networks.got("GET", path, by=Principal()))["total"] == 1
    elsewhere = await networks.network()
    there = await networks.ask("PATCH", f"/networks/{elsewhere}/evidence/{made['id']}", {"title": "x"})
    assert there.status_code == 404
    stale = await networks.ask("PATCH", f"{path}/{made['id']}", {"title": "x"}, if_match='"9"')
    assert stale.status_code == 412


async def test_evidence_pages_follow_one_another(networks: Networks) -> None:
    network = await networks.network()
    for number in range(5):
        await networks.evidence(network, "audit", title=f"Audit {number}")
    first = await networks.got("GET", f"/networks/{network}/evidence?limit=3")
    second = await networks.got("GET", f"/networks/{network}/evidence?limit=3&cursor={first['next']}")
    titles = [item["title"] for item in first["items"] + second["items"]]
    assert titles == [f"Audit {number}" for number in (4, 3, 2, 1, 0)] and second["next"] is None
