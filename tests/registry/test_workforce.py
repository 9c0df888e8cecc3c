"""What service changes mean for the workforce, in numbers."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from random import Random

from shared.auth import ANYBODY
from tests.registry.service_changing import OFFICER, Scene
from tests.service_rig import STAFF


async def test_the_totals_agree_with_adding_up_one_by_one(scene: Scene) -> None:
    chance, rows = Random(5), []
    groups = ("medical_and_dental", "nursing_and_midwifery", "students")
    care_group = {scene.network: "stroke"}
    for number in range(3):
        network = await scene.register.network(f"Network {number}", care_group=f"group {number % 2}", bodies=["Q36"])
        care_group[network] = f"group {number % 2}"
    bodies = {network: ["Q31", "Q32"] if network == scene.network else ["Q36"] for network in care_group}
    for number in range(12):
        network = chance.choice(list(care_group))
        impacts = [
            {"staff_group": chance.choice(groups), "wte": chance.randint(-50, 50) / 10 or 1, "training": "x",
             "people": chance.randint(0, 9), "from_on": str(date(2027, 1, 1) + timedelta(days=chance.randint(0, 400)))}
            for _ in range(3)
        ]  # fmt: skip
        body = {"title": f"Change {number}", "from_on": "2027-04-01", "impacts": impacts}
        await scene.register.post(f"/networks/{network}/service-changes", body)
        rows += [(network, impact) for impact in impacts]
    assert (await scene.register.get("/workforce"))["changes"] == 0, "nothing is approved yet"
    shown = await scene.register.get("/workforce?proposed=true")
    assert shown["changes"] == 12
    assert shown["total"]["net"] == round(sum(impact["wte"] for _, impact in rows), 1)
    assert shown["total"]["people"] == sum(impact["people"] for _, impact in rows)
    for name, key in (
        ("by_care_group", lambda network, _: [care_group[network]]), ("by_body", lambda network, _: bodies[network]),
        ("by_staff_group", lambda _, impact: [impact["staff_group"]]),
        ("by_month", lambda _, impact: [impact["from_on"][:7]]),
    ):  # fmt: skip
        expected: dict[str, float] = defaultdict(float)
        for network, impact in rows:
            for value in key(network, impact):
                expected[value] += impact["wte"]
        assert {sum_["value"]: sum_["net"] for sum_ in shown[name]} == {k: round(v, 1) for k, v in expected.items()}
    mine = await scene.register.get("/workforce?proposed=true&sha=Q31&from=2027-03-01&to=2027-12-31")
    kept = [i["wte"] for n, i in rows if n == scene.network and "2027-03-01" <= i["from_on"] <= "2027-12-31"]
    assert mine["total"]["net"] == round(sum(kept), 1) and {body["value"] for body in mine["by_body"]} <= {"Q31"}


async def test_only_staff_and_officers_see_the_totals(scene: Scene) -> None:
    for by, status in ((scene.manager, 403), (ANYBODY, 401), (OFFICER, 200), (STAFF, 200)):
        assert (await scene.register.ask("GET", "/workforce", by=by)).status_code == status


async def test_the_staff_groups_are_data_that_a_deployment_may_change(scene: Scene) -> None:
    groups = (await scene.register.get("/staff-groups", by=ANYBODY))["items"]
    assert len(groups) == 9 and groups[0] == {"code": "medical_and_dental", "name": "Medical and dental"}
