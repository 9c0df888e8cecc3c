"""Networks that are merged and split lose nobody, double nobody and tell nobody."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.membership.commands import merge_roles, split_roles
from services.membership.commands.roles import new_role
from services.membership.consumers import on_networks, on_successions
from services.membership.tables import Role
from shared import clock
from shared.auth import ANYBODY
from shared.contracts.registry import NETWORK_MERGED, NETWORK_PARTED
from shared.envelope import Envelope, new_id
from shared.outbox import outbox
from tests.days import today
from tests.membership.conftest import BOTH
from tests.service_rig import STAFF

NAMES = ("lead_doctor", "lead_nurse", "chair", "patient_representative", "member")
EXAMPLES = count()
LEADING = {"lead_doctor", "lead_nurse", "chair"}

held = st.tuples(
    st.sampled_from(["old", "new"]), st.sampled_from(["ann", "ben", "cat", "dan"]), st.sampled_from(NAMES),
    st.integers(-40, 10), st.one_of(st.none(), st.integers(-5, 30)),
)  # fmt: skip


def merged(source: str, target: str, roles: str = "vacant") -> Envelope:
    """The register's message that one network became part of another."""
    state = {
        "id": f"{source}-{target}", "revision": 1, "kind": "merge", "source": source, "target": target, "roles": roles,
        "moved": [], "copied": [],
    }  # fmt: skip
    return Envelope(
        topic=NETWORK_MERGED.topic, key=target, type=NETWORK_MERGED.type, source="/registry", subject=state["id"],
        revision=1, data={"state": state, "changes": {}, "announcement": None},
    )  # fmt: skip


async def roles_of(membership: Any, network: str) -> list[Role]:
    async with membership.rig.parts.database.reading() as session:
        return list(await session.scalars(select(Role).where(Role.network_id == network).order_by(Role.id)))


def held_now(roles: list[Role]) -> Counter[tuple[str, str]]:
    return Counter((role.person_id, role.role) for role in roles if role.status != "ended")


async def put(membership: Any, network: str, *held: tuple[str, str]) -> dict[tuple[str, str], str]:
    """Let people have roles since last month; (person, role) → the role's id."""
    async with membership.rig.parts.database.transaction() as session:
        roles = [new_role(network, person, role, today() - timedelta(days=30), None) for person, role in held]
        session.add_all(roles)
    return {(role.person_id, role.role): role.id for role in roles}


@BOTH
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.lists(held, max_size=12), how=st.sampled_from(["vacant", "all"]))
async def test_a_merge_loses_no_member_and_doubles_none(
    membership: Any, before: list[tuple[str, str, str, int, int | None]], how: str
) -> None:
    number = next(EXAMPLES)
    old, new = f"old-{number}", f"new-{number}"
    unique = {(network, person, role): (since, length) for network, person, role, since, length in before}
    async with membership.rig.parts.database.transaction() as session:
        for (network, person, role), (since, length) in unique.items():
            begun = today() + timedelta(days=since)
            until = None if length is None else max(begun, today() + timedelta(days=length))
            session.add(new_role(f"{network}-{number}", person, role, begun, until))
    were, there = held_now(await roles_of(membership, old)), held_now(await roles_of(membership, new))
    message = merged(old, new, how)
    for _ in range(2):
        async with membership.rig.parts.database.transaction() as session:
            await on_successions(session, [message])
        now = held_now(await roles_of(membership, new))
        assert {person for person, _ in now} == {person for person, _ in [*were, *there]}
        assert set(now.values()) <= {1} and there <= now
        assert held_now(await roles_of(membership, old)) == Counter()
        if how == "all":
            assert all(pair in now for pair in were if pair[1] != "member")
        for role in LEADING & {role for _, role in there}:
            assert how == "all" or {who for who, what in now if what == role} == {w for w, r in there if r == role}


def parted(source: str, target: str) -> Envelope:
    """The register's message that the merge of the two was undone."""
    message = merged(source, target)
    state = {**message.state, "id": f"{source}-{target}-parted", "kind": "parting", "roles": ""}
    return replace(
        message,
        id=new_id(),
        type=NETWORK_PARTED.type,
        subject=state["id"],
        data={**(message.data or {}), "state": state},
    )


@BOTH
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.lists(held, max_size=12), how=st.sampled_from(["vacant", "all"]))
async def test_a_merge_that_is_undone_leaves_everybody_where_they_were(
    membership: Any, before: list[tuple[str, str, str, int, int | None]], how: str
) -> None:
    number = next(EXAMPLES)
    old, new = f"old-{number}", f"new-{number}"
    unique = {(network, person, role): (since, length) for network, person, role, since, length in before}
    async with membership.rig.parts.database.transaction() as session:
        for (network, person, role), (since, length) in unique.items():
            begun = today() + timedelta(days=since)
            until = None if length is None else max(begun, today() + timedelta(days=length))
            session.add(new_role(f"{network}-{number}", person, role, begun, until))
    stood = [open_roles(await roles_of(membership, network)) for network in (old, new)]
    async with membership.rig.parts.database.transaction() as session:
        await on_successions(session, [merged(old, new, how)])
    async with membership.rig.parts.database.transaction() as session:
        await on_successions(session, [parted(old, new)])
    assert [open_roles(await roles_of(membership, network)) for network in (old, new)] == stood


def open_roles(roles: list[Role]) -> list[tuple[Any, ...]]:
    return [
        (r.id, r.person_id, r.role, r.since, r.until, r.status, r.continued_in) for r in roles if r.status != "ended"
    ]


@BOTH
async def test_who_left_or_joined_after_the_merge_stays_so_when_it_is_undone(membership: Any) -> None:
    await put(membership, "cancer", ("ann", "chair"), ("ben", "member"))
    await put(membership, "stroke", ("cat", "member"))
    async with membership.rig.parts.database.transaction() as session:
        await on_successions(session, [merged("cancer", "stroke")])
    (left,) = [role for role in await roles_of(membership, "stroke") if role.person_id == "ben"]
    await membership.ask("POST", f"/networks/stroke/roles/{left.id}/end", {})
    await put(membership, "stroke", ("dan", "member"))
    async with membership.rig.parts.database.transaction() as session:
        await on_successions(session, [parted("cancer", "stroke")])
    assert held_now(await roles_of(membership, "cancer")) == Counter([("ann", "chair")])
    assert held_now(await roles_of(membership, "stroke")) == Counter([("cat", "member"), ("dan", "member")])


@BOTH
async def test_the_people_of_a_merged_network_go_over_when_the_register_says_so(membership: Any) -> None:
    ann, ben, cat = [await membership.person(f"{name} Example") for name in ("Ann", "Ben", "Cat")]
    for network, who, role in (
        ("cancer", ann, "lead_doctor"), ("cancer", ben, "member"), ("stroke", ben, "member"),
        ("stroke", cat, "lead_doctor"),
    ):  # fmt: skip
        await membership.give(network, who, role, **{"from": str(today() - timedelta(days=9))})
    await membership.rig.parts.log.append([record(merged("cancer", "stroke"))])
    said = await settled(membership, "stroke", 3)
    assert {(role.person_id, role.role) for role in said if role.status == "active"} == {
        (ann.person_id, "member"), (ben.person_id, "member"), (cat.person_id, "lead_doctor"),
    }  # fmt: skip
    gone = await roles_of(membership, "cancer")
    assert {(role.status, role.until, role.continued_in) for role in gone} == {
        ("ended", today() - timedelta(days=1), "stroke")
    }
    told = (await membership.said("membership.memberships"))[4:]
    assert len(told) == 3 and not any(message.announcement for message in told)
    assert (await membership.ask("POST", "/networks/cancer/join", {}, by=cat)).status_code == 409


async def settled(membership: Any, network: str, size: int) -> list[Role]:
    import asyncio

    for _ in range(500):
        roles = await roles_of(membership, network)
        if len(roles) >= size:
            return roles
        await asyncio.sleep(0.01)
    raise AssertionError("the succession was not taken")


def record(message: Envelope) -> Any:
    from shared.envelope import encode
    from shared.log import NewRecord

    return NewRecord(message.topic, message.key, *encode(message))


async def test_a_split_moves_and_copies_the_roles_that_were_chosen(membership: Any) -> None:
    ids = await put(
        membership, "stroke", ("ann", "lead_doctor"), ("ann", "member"), ("ben", "member"), ("cat", "member")
    )
    async with membership.rig.parts.database.transaction() as session:
        await split_roles(
            session, source_id="stroke", target_id="part", moved=[ids["ben", "member"]],
            copied=[ids["ann", "lead_doctor"], "no-such-role"], moment=clock.now(), by=STAFF,
        )  # fmt: skip
    there, here = await roles_of(membership, "part"), await roles_of(membership, "stroke")
    assert set(held_now(there)) == {("ben", "member"), ("ann", "lead_doctor")}
    assert set(held_now(here)) == {("ann", "lead_doctor"), ("ann", "member"), ("cat", "member")}
    assert {role.continues for role in there} == {ids["ben", "member"], ids["ann", "lead_doctor"]}


async def test_a_role_that_begins_or_ends_on_a_day_to_come_does_so_in_the_new_network(membership: Any) -> None:
    async with membership.rig.parts.database.transaction() as session:
        session.add(new_role("cancer", "ann", "member", today() + timedelta(days=5), None))
        session.add(new_role("cancer", "ben", "member", today(), today() + timedelta(days=5)))
    async with membership.rig.parts.database.transaction() as session:
        await merge_roles(
            session, source_id="cancer", target_id="stroke", all_roles=False, moment=clock.now(), by=ANYBODY
        )
    came = {role.person_id: (role.status, role.since, role.until) for role in await roles_of(membership, "stroke")}
    assert came == {
        "ann": ("planned", today() + timedelta(days=5), None), "ben": ("active", today(), today() + timedelta(days=5)),
    }  # fmt: skip


async def test_nothing_is_announced_here(membership: Any) -> None:
    await put(membership, "cancer", ("ann", "lead_doctor"), ("ben", "member"))
    async with membership.rig.parts.database.transaction() as session:
        await merge_roles(session, source_id="cancer", target_id="stroke", all_roles=True, moment=clock.now(), by=STAFF)
        values = (await session.scalars(select(outbox.c.value))).all()
    assert len(values) == 4 and all(b'"announcement":null' in value for value in values)


async def test_how_many_would_come_together_is_counted(membership: Any) -> None:
    ann, ben, cat = [await membership.person(f"{name} Example") for name in ("Ann", "Ben", "Cat")]
    for network, who in (("cancer", ann), ("cancer", ben), ("stroke", ben), ("stroke", cat)):
        await membership.give(network, who, "member")
    counted = await membership.ask("GET", "/networks/cancer-network/members/shared?with=stroke")
    assert counted.json() == {"members": 2, "there": 2, "both": 1}
    assert (await membership.ask("GET", "/networks/cancer/members/shared?with=stroke", by=ann)).status_code == 403


@pytest.mark.parametrize("address", ["old-name", "new-name"])
async def test_a_network_is_found_at_an_address_that_it_had_before(membership: Any, address: str) -> None:
    state = {
        "id": "renamed", "revision": 2, "slug": "new-name", "name": "New name", "care_group": "stroke", "bodies": [],
        "archived": False, "former_slugs": ["old-name"],
    }  # fmt: skip
    message = Envelope("registry.networks", "renamed", "renamed", "/registry", "renamed", {"state": state}, 2)
    async with membership.rig.parts.database.transaction() as session:
        await on_networks(session, [message])
    assert (await membership.ask("GET", f"/networks/{address}/roles", by=ANYBODY)).status_code == 200
