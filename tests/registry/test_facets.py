"""Facets: every count is what one would get by choosing, whatever was chosen, searched and changed before."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import func, select

from services.registry.queries import facets
from services.registry.tables import facet_counts
from tests.registry.standing import settled
from tests.service_rig import Rig

VALUES = {
    "type": ["disease", "specialty"], "care_group": ["stroke", "burns"], "level": ["local", "national"],
    "purpose": ["clinical", "social"], "side": ["provider", "both"], "stage": ["informal", "emerging"],
}  # fmt: skip
BODIES = ["Q30", "Q31", "Q32"]
NETWORK = some.fixed_dictionaries(
    {name: some.sampled_from(values) for name, values in VALUES.items()}
    | {"bodies": some.lists(some.sampled_from(BODIES), unique=True), "aims": some.sampled_from(["", "night", "nigh"])}
)
EDIT = some.tuples(some.integers(0, 99), some.sampled_from(["change", "archive"]), NETWORK)
CHOICE = some.fixed_dictionaries(
    {}, optional={name: some.sampled_from(values) for name, values in (VALUES | {"sha": BODIES}).items()}
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    new=some.lists(NETWORK, max_size=4),
    edits=some.lists(EDIT, max_size=4),
    chosen=CHOICE,
    q=some.sampled_from(["", "nig"]),
)
async def test_counts_equal_counting(
    either: Rig, new: list[dict[str, Any]], edits: list[Any], chosen: dict[str, str], q: str
) -> None:
    client = either.client
    known = (await client.get("/networks", params={"limit": 100})).json()
    for number, fields in enumerate(new):
        await client.post("/networks", json={**fields, "name": f"Network {known['total'] + number} {len(new)} {q}"})
    everybody = (await client.get("/networks", params={"limit": 100})).json()["items"]
    for place, what, fields in edits:
        if everybody:
            url = f"/networks/{everybody[place % len(everybody)]['id']}"
            record = {name: value for name, value in fields.items() if name != "stage"}
            await (client.patch(url, json=record) if what == "change" else client.post(f"{url}/archive", json={}))
    await settled(either)  # health is a facet too, and follows by the log
    page = (await client.get("/networks", params={**chosen, "q": q, "facets": True})).json()
    for facet, values in page["facets"].items():
        for entry in values:
            too = {**chosen, "q": q, facet: entry["value"], "limit": 100}
            found = (await client.get("/networks", params=too)).json()
            assert entry["count"] == found["total"] == len(found["items"]), (facet, entry, chosen)


async def test_summing_the_changes_changes_no_count_and_leaves_few_rows(real: Rig) -> None:
    async def counted() -> tuple[Any, int]:
        async with real.parts.database.reading() as session:
            rows = (await session.execute(select(func.count()).select_from(facet_counts))).scalar_one()
            return sorted(map(str, await facets.all_alike(session))), rows

    network = (await real.client.get("/networks", params={"limit": 1})).json()["items"][0]
    for level in ("regional", "national") * 5:
        await real.client.patch(f"/networks/{network['id']}", json={"level": level})
    await settled(real)
    before, many = await counted()
    async with real.parts.database.transaction() as session:
        await facets.sum_counts(session)
    after, few = await counted()
    assert before == after and few < many and few == len(after)


async def test_a_value_that_nothing_is_left_of_stands_with_a_nought(real: Rig) -> None:
    page = (await real.client.get("/networks", params={"stage": "closed", "facets": True})).json()
    assert {"value": "closed", "count": 0, "at_least": False} in page["facets"]["stage"]
