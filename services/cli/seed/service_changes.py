"""Service changes of the demonstration's year: in force, approved, waiting for a lead, and a declined one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from services.cli.seed.acts import Act, Decide, Propose, TurnCalendar
from services.cli.seed.cast import HOME, STAFF
from services.cli.seed.moments import at_work
from services.cli.seed.posts import Post

CLINICAL = ("lead_doctor", "lead_nurse", "lead_professional")
OTHERS = 8
"""Networks besides the named one that change something."""


@dataclass(frozen=True)
class Plan:
    """A change: what, from when (days from now), what it means for whom, and who decided how many days ago.

    An impact is a staff group, tenths of a whole-time equivalent, and perhaps what how many people must learn.
    """

    title: str
    description: str
    starts_in: int
    impacts: tuple[tuple[str, int, str, int], ...]
    proposed: int
    manager: int = 0
    clinician: int = 0
    declined: str = ""


AT_HOME = (
    Plan("Cardiac rehabilitation in community halls",
         "Classes move from two hospitals to **six community halls**, with a programme at home for those who cannot "
         "travel. The hospital gyms go back to the wards.", -150,
         (("allied_health_professionals", 24, "Leading a class outside hospital", 9),
          ("administrative_and_clerical", -5, "", 0)), 214, 209, 205),
    Plan("Stroke unit open at night",
         "One unit takes everybody with a suspected stroke between 20:00 and 8:00:\n\n* scan within twenty minutes of "
         "arrival\n* a stroke physician on call, by video link\n* repatriation to the local unit within 72 hours", 44,
         (("nursing_and_midwifery", 46, "Thrombolysis and the video link", 18), ("medical_and_dental", 12, "", 0),
          ("healthcare_scientists", 10, "Reading a scan at night", 4)), 61, 55, 52),
    Plan("One heart failure team for the area",
         "Three teams become one, with one telephone number for general practitioners and a clinic in every town.", 96,
         (("nursing_and_midwifery", 20, "Titrating medicines", 6), ("medical_and_dental", -3, "", 0)), 8, 6),
    Plan("One booking office instead of three", "Appointments for all clinics are made in one place.", 60,
         (("administrative_and_clerical", -26, "The new booking system", 7),), 30,
         declined="Patients told us that they want to speak to somebody who knows the clinic. Please ask them first."),
)  # fmt: skip
ELSEWHERE = (
    Plan("Seven-day ward rounds", "A consultant sees every patient every day of the week.", 75,
         (("medical_and_dental", 18, "", 0), ("clinical_services", 10, "", 0)), 70, 64, 60),
    Plan("Specialist nurses in every unit", "Each unit has a named specialist nurse from Monday to Friday.", -60,
         (("nursing_and_midwifery", 35, "The specialist nurse course", 5),), 150, 140, 131),
    Plan("Samples go to one laboratory", "Three laboratories send what is not urgent to one.", 120,
         (("healthcare_scientists", -24, "Working at the new bench", 11), ("scientific_and_technical", 6, "", 0)),
         45, 40, 33),
    Plan("Outreach clinics in two towns", "Follow-up close to home, by therapists and a nurse.", 30,
         (("allied_health_professionals", 12, "", 0), ("nursing_and_midwifery", 8, "", 0)), 15, 12),
)  # fmt: skip


def service_changes(held: Sequence[Post], now: datetime) -> list[Act]:
    """What networks decide to do differently before *now*. *held* are the posts when the year begins."""
    leads: dict[str, dict[str, str]] = {}
    for post in held:
        if post.until is None:
            leads.setdefault(post.network, {}).setdefault(post.role, post.person)
    able = [name for name, roles in leads.items() if "lead_manager" in roles and set(CLINICAL) & set(roles)]
    others = [name for name in able if name != HOME][:: max(1, len(able) // OTHERS)][:OTHERS]
    acts = [act for plan in AT_HOME for act in _told(plan, HOME, leads[HOME], now)]
    for number, name in enumerate(others):
        acts += _told(ELSEWHERE[number % len(ELSEWHERE)], name, leads[name], now)
    return acts


def _told(plan: Plan, network: str, leads: dict[str, str], now: datetime) -> Iterator[Act]:
    key, manager = f"{plan.title} in {network}", leads["lead_manager"]
    clinician = next(leads[role] for role in CLINICAL if role in leads)
    starts = now + timedelta(days=plan.starts_in)
    fields = {
        "title": plan.title, "description": plan.description, "from_on": starts.date(),
        "impacts": tuple(_impact(*impact) for impact in plan.impacts),
    }  # fmt: skip
    yield Propose(moment=_day(now, plan.proposed, 10), by=manager, network=network, change=key, fields=fields)
    if plan.manager:
        yield Decide(moment=_day(now, plan.manager, 11), by=manager, change=key)
    if plan.clinician:
        yield Decide(moment=_day(now, plan.clinician, 15), by=clinician, change=key, reason="The audit asks for it.")
    if plan.declined:
        yield Decide(
            moment=_day(now, plan.proposed - 9, 16), by=clinician, change=key, approve=False, reason=plan.declined
        )
    if plan.starts_in < 0:
        yield TurnCalendar(moment=at_work(starts + timedelta(days=3), 6), by=STAFF)


def _day(now: datetime, ago: int, hour: int) -> datetime:
    return at_work(now - timedelta(days=ago), hour)


def _impact(staff_group: str, tenths: int, training: str, people: int) -> dict[str, Any]:
    wte = Decimal(tenths) / 10
    return {"staff_group": staff_group, "wte": wte, "training": training, "people": people, "from_on": None}
