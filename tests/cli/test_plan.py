"""The demonstration as it is made up, before anything is written."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from services.cli.seed import made_up_password
from services.cli.seed.acts import Cancel, Edit, End, Mail, Move, Schedule, Take
from services.cli.seed.cast import HOME, HOME_BODY, LEAD, MEMBER, NAMED, PLACES
from services.cli.seed.plan import Plan, planned

pytestmark = pytest.mark.fast
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planned(NOW)


def test_the_same_moment_gives_the_same_demonstration(plan: Plan) -> None:
    assert planned(NOW) == plan


def test_everybody_has_an_address_of_their_own_that_leads_nowhere(plan: Plan) -> None:
    addresses = [player.email for player in plan.players]
    assert len(addresses) == len(set(addresses)) == 350
    assert all(address.endswith(".example") and address.isascii() for address in addresses)
    assert set(NAMED) <= set(addresses)


def test_every_oversight_body_has_an_officer(plan: Plan) -> None:
    assert {body for player in plan.players for body in player.bodies} == set(PLACES)


def test_the_whole_register_is_there_and_the_named_network_is_in_the_officers_area(plan: Plan) -> None:
    assert len(plan.networks) == 420
    home = next(network for network in plan.networks if network.name == HOME)
    assert home.bodies == (HOME_BODY,) and home.stage == "managed"
    roles = {(post.person, post.role) for post in plan.posts if post.network == HOME and post.until is None}
    assert {(LEAD, "lead_manager"), (MEMBER, "member")} <= roles


def test_nobody_holds_two_roles_in_one_network_when_the_year_begins(plan: Plan) -> None:
    held = Counter((post.network, post.person) for post in plan.posts if post.until is None)
    assert held.most_common(1)[0][1] == 1


def test_the_year_is_told_in_order_and_lies_in_the_past(plan: Plan) -> None:
    moments = [act.moment for act in plan.acts]
    assert moments == sorted(moments)
    assert NOW - timedelta(days=370) < moments[0] and moments[-1] < NOW


def test_the_last_week_is_not_bare(plan: Plan) -> None:
    lately = [act for act in plan.acts if act.moment > NOW - timedelta(days=7)]
    kinds = Counter(type(act) for act in lately if not act.minor)
    assert kinds[Edit] >= 15 and kinds[Take] >= 3 and kinds[Schedule] >= 3
    assert any(act.moment > NOW - timedelta(days=1) for act in lately)


def test_what_ends_was_held_and_what_is_cancelled_was_scheduled(plan: Plan) -> None:
    held = {(post.network, post.person, post.role) for post in plan.posts if post.until is None}
    scheduled: set[str] = set()
    for act in plan.acts:
        match act:
            case Take():
                held.add((act.network, act.person, act.role))
            case End():
                assert (act.network, act.person, act.role) in held
            case Schedule():
                scheduled.add(act.event)
            case Cancel():
                assert act.event in scheduled


@pytest.mark.parametrize("day", ["2026-11-21 02:00", "2026-11-22 23:59", "2027-01-01 00:01", "2028-02-29 09:00"])
def test_any_day_may_be_the_last_of_the_year(day: str) -> None:
    now = datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert all(act.moment < now for act in planned(now).acts)


def test_a_made_up_password_is_long_and_new_each_time() -> None:
    passwords = {made_up_password() for _ in range(20)}
    assert len(passwords) == 20 and min(map(len, passwords)) >= 15


@pytest.mark.parametrize("days", range(7))
def test_what_the_last_newsletter_told_of_has_moved_since_whatever_day_it_is(days: int) -> None:
    acts = planned(NOW + timedelta(days=days)).acts
    last = max(act.moment for act in acts if isinstance(act, Mail))
    told, moved = (next(a for a in acts if isinstance(a, kind) and a.event == "moved") for kind in (Schedule, Move))
    assert last - timedelta(days=7) < told.moment < last < moved.moment
    assert "starts_at" not in moved.fields and not moved.minor
