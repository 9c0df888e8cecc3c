"""Plain English for the demonstration: what networks aim at, and why their records change."""

from __future__ import annotations

AIMS = {
    "cancer": (
        "Everybody with a suspected cancer is seen within two weeks and begins treatment within sixty-two days.",
        "One agreed pathway for each tumour site, audited every year and reported in public.",
        "Patients have a named key worker from diagnosis to the end of treatment.",
    ),
    "cardiovascular": (
        "People with chest pain or a suspected stroke reach the right unit the first time, at any hour.",
        "Cardiac rehabilitation is offered to everybody who can benefit, close to home.",
        "Heart failure is found early in primary care and followed up by one specialist team.",
    ),
    "stroke": (
        "Everybody with a stroke is scanned within an hour and cared for on a stroke unit.",
        "Early supported discharge is offered seven days a week.",
        "Every survivor is reviewed at six weeks, six months and every year.",
    ),
    "critical care": (
        "A critical care bed is found in the area, and transfers for lack of beds end.",
        "Every unit gives its data to the national audit, and learns from it together.",
        "Patients leaving critical care have a rehabilitation plan.",
    ),
    "neonatal": (
        "Babies are cared for as close to home as their needs allow.",
        "Mothers and very premature babies are moved before birth, not after.",
        "Parents are partners in care in every unit, day and night.",
    ),
    "major trauma": (
        "Seriously injured people go straight to the place that can treat all of their injuries.",
        "Every patient has a rehabilitation prescription within four days.",
    ),
    "renal": (
        "Kidney disease is recognised early, and fewer people start dialysis unprepared.",
        "Home dialysis is offered as a real choice in every unit.",
    ),
    "diabetes": (
        "The nine care processes reach everybody with diabetes every year.",
        "Foot problems are seen by a specialist team within one working day.",
    ),
    "mental health": (
        "Services learn from one another by visits, shared standards and open data.",
        "People who use services take part in every review.",
    ),
    "children": (
        "Children are treated by teams trained for children, as near to home as is safe.",
        "One plan follows a child from hospital to school and home.",
    ),
    "pathology": (
        "Results reach those who ask for them in an agreed time, from whichever laboratory.",
        "Laboratories share out-of-hours cover, quality data and training.",
    ),
    "hepatitis C": (
        "Everybody who could be cured is found, told and offered treatment near home.",
        "Treatment reaches people in prisons and drug services.",
    ),
}
ANY_AIMS = (
    "Members share what works, agree common standards and measure what comes of it.",
    "Services are planned across organisations, with patients and carers at the table.",
    "Good practice found in one place is used in every place within a year.",
)
AIMS_REASONS = (
    "Agreed at the network board after the annual event.", "The annual plan was published.",
    "Patient representatives asked for plainer words.", "Revised after the national audit's findings.",
    "The steering group chose fewer priorities for the year.", "The evidence review was finished.",
)  # fmt: skip
STAGE_REASONS = {
    "emerging": (
        "Terms of reference were agreed.", "A steering group met for the first time.",
        "Funding for a co-ordinator was found.",
    ),
    "managed": (
        "Leads, annual plan, audit and public report are in place.",
        "The board signed the self-assurance with all eleven items in place.",
        "The oversight body confirmed that the network is actively managed.",
    ),
    "closing": ("Its work passes to the neighbouring network.", "The programme that paid for it ends in spring."),
}  # fmt: skip
HOST_REASONS = (
    "The hosting agreement was renewed with another trust.", "The network team moved its office.",
    "The former host gave notice on the agreement.",
)  # fmt: skip
POPULATION_REASONS = (
    "New population estimates were published.",
    "Corrected after the boundary review.",
    "First estimate entered.",
)
WEB_REASONS = ("The network has a new web site.", "The old address stopped working.")
EMAIL_REASONS = ("The office has one shared mailbox now.", "Enquiries go to the co-ordinator from today.")
ALIAS_REASONS = ("Members know the network by this name.", "Added the short name that is used in papers.")
TAKEN_REASONS = (
    "Appointed after interview.", "Elected by the members.", "Nominated by the trusts and agreed by the board.",
    "Seconded for a year.", "Taking over after a handover month.",
)  # fmt: skip
ENDED_REASONS = (
    "Retired; the post is being advertised.", "The secondment came to its end.", "Moved to a post elsewhere.",
    "Stepped down to return to full clinical work.", "The post is not funded for the present.",
)  # fmt: skip
LEFT_REASONS = ("Changed job.", "Moved away.", "Too many meetings.")
EVENTS = (
    ("Annual conference of {name}", "conference", "A year's work, the audit results and the plan for the next."),
    ("{group}: audit results and what to do about them", "meeting", "Every unit brings one thing that it changed."),
    ("Learning from one another: {group}", "webinar", "Two short talks and an hour of questions."),
    ("Board meeting of {name}", "meeting", "Open to members; papers a week before."),
    ("Patients and professionals: shaping {group} together", "workshop", "Led by service users. Expenses are paid."),
    ("New to {group}? A day for new colleagues", "course", "Pathways, people and where to find things."),
    ("Leading across organisations", "course", "For those who lead a network, or will."),
)  # fmt: skip
CANCELLED_REASONS = (
    "Too few people could be released from their wards.", "The speaker is ill; a new date will follow.",
)  # fmt: skip
MOVED_REASONS = (
    "The room was double-booked.",
    "Moved away from the school holidays.",
    "More people want to come than fit.",
)
