"""The stages that rows ask for pass the same gates as a move by hand."""

from __future__ import annotations

from services.registry.commands.import_at_once import import_networks
from shared import clock
from tests.registry.conftest import BOTH, Register
from tests.registry.importing import answered, as_csv, judged, verdicts, waited
from tests.service_rig import STAFF

HEADINGS = ("Name", "Type", "Care group", "Stage")
LEADS = ("lead_doctor", "lead_nurse", "lead_professional", "lead_manager", "patient_representative")
PROOFS = ("evidence_base", "outcome_measures", "annual_plan", "audit", "public_report")


def staged(*rows: tuple[str, str]) -> bytes:
    """A file of networks with their stages."""
    return as_csv(*((name, "disease", "stroke", stage) for name, stage in rows), headings=HEADINGS)


async def met(register: Register, network: str) -> None:
    """Give a network all that a managed one needs."""
    await register.person("Ann", **dict.fromkeys(LEADS, network))
    for kind in PROOFS:
        proof = {"kind": kind, "title": kind, "link": "https://proof.example", "dated": str(clock.today())}
        await register.post(f"/networks/{network}/evidence", proof)


@BOTH
async def test_a_new_network_begins_only_at_a_stage_without_gates(register: Register) -> None:
    record = await judged(register, staged(("A", "managed"), ("B", "emerging"), ("C", "closed"), ("D", "informal")))
    found = await verdicts(register, record)
    assert [(row, outcome) for row, outcome, _ in found] == [(2, "wrong"), (3, "new"), (4, "new"), (5, "new")]
    assert found[0][2].startswith("Stage: a new network cannot begin as managed: ")
    assert found[0][2].endswith(" and 7 more. Begin it as informal or emerging, and move it on when that is there.")


@BOTH
async def test_a_promotion_by_a_row_is_refused_with_what_is_missing_until_it_is_there(register: Register) -> None:
    network = await register.network("Mersey Stroke Network", stage="emerging", bodies=[])
    record = await judged(register, staged(("Mersey Stroke Network", "managed")))
    ((_, outcome, reason),) = await verdicts(register, record)
    assert outcome == "wrong" and reason.startswith("Stage: it cannot become managed yet: ")
    await met(register, network)
    record = await judged(register, staged(("Mersey Stroke Network", "managed")))
    assert record["changed"] == 1
    await answered(register, "POST", record, {}, "/apply")
    await waited(register, record["id"])
    assert (await register.get(f"/networks/{network}"))["stage"] == "managed"


async def test_a_gate_that_shuts_after_the_preview_sends_the_import_back(register: Register) -> None:
    network = await register.network("Mersey Stroke Network", stage="emerging", bodies=[])
    await met(register, network)
    record = await judged(register, staged(("Mersey Stroke Network", "managed")))
    for proof in (await register.get(f"/networks/{network}/evidence"))["items"]:
        await register.post(f"/networks/{network}/evidence/{proof['id']}/retract", {"reason": "Withdrawn"})
    await answered(register, "POST", record, {}, "/apply")
    record = await waited(register, record["id"])
    assert (record["status"], record["changed"], record["wrong"]) == ("ready", 0, 1)
    assert (await register.get(f"/networks/{network}"))["stage"] == "emerging"


async def test_a_stage_to_which_no_way_leads_is_refused_and_a_step_back_is_not(register: Register) -> None:
    await register.network("A Network", stage="emerging", bodies=[])
    record = await judged(register, staged(("A Network", "closed")))
    assert await verdicts(register, record) == [
        (2, "wrong", "Stage: A network that is emerging can become managed or informal or closing, not closed.")
    ]
    assert (await judged(register, staged(("A Network", "informal"))))["changed"] == 1


async def test_a_register_may_be_taken_over_as_it_stands(register: Register) -> None:
    content = staged(("Mersey Stroke Network", "managed"))
    async with register.database.transaction() as session:
        result = await import_networks(session, content=content, by=STAFF, as_it_stands=True)
    assert result.new == 1
    assert (await register.get("/networks"))["items"][0]["stage"] == "managed"
