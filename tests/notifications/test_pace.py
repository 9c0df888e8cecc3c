"""A domain that says "later" rests and holds up nobody else; one with a rate gets no more than that."""

from __future__ import annotations

import pytest

from services.notifications.delivery.pace import FIRST_REST, LONGEST_REST, Pace, rates_in
from shared.mailer import Accepted, Deferred, Refused

pytestmark = pytest.mark.fast


class Now:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_domain_rests_longer_each_time_and_others_go_on() -> None:
    now = Now()
    pace = Pace({}, now)
    for _ in range(5):
        assert pace.wait("ben@slow.example") == 0
        pace.heard("ann@slow.example", Deferred("451 later"))
    assert pace.wait("ben@SLOW.example") == FIRST_REST and pace.wait("cat@quick.example") == 0
    for _ in range(12):
        now.at += pace.wait("ann@slow.example")
        assert pace.wait("ann@slow.example") == 0
        pace.heard("ann@slow.example", Deferred("451 later"))
    assert pace.wait("ann@slow.example") == LONGEST_REST
    now.at += LONGEST_REST
    pace.heard("ann@slow.example", Accepted())
    pace.heard("ann@slow.example", Deferred("451 greylisted, come back"))
    assert pace.wait("ann@slow.example") == 0
    pace.heard("ann@slow.example", Deferred("450 4.7.28 too many mails"))
    assert pace.wait("ann@slow.example") == FIRST_REST


def test_server_that_is_away_and_an_address_that_is_refused_are_no_domains_fault() -> None:
    pace = Pace({}, Now())
    pace.heard("ann@a.example", Deferred("421 closing", server_away=True))
    pace.heard("ann@a.example", Refused(550, "no such user"))
    assert pace.wait("ann@a.example") == 0


def test_rate_is_kept_over_any_second() -> None:
    now = Now()
    pace = Pace(rates_in("slow.example=5, other.example=100"), now)
    sent = []
    for _ in range(300):
        if pace.wait("x@slow.example") == 0:
            sent.append(now.at)
        now.at += 0.01
    assert 15 <= len(sent) <= 20
    assert all(later - first >= 0.99 for first, later in zip(sent[5:], sent[10:], strict=False))
