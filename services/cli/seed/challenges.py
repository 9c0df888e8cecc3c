"""Challenges of the demonstration's year: accepted, waiting, overdue, and a private one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.cli.seed.acts import Act, Raise, Reply, TurnCalendar
from services.cli.seed.cast import HOME, LEAD, STAFF
from services.cli.seed.moments import at_work
from services.cli.seed.posts import Company, Post
from services.cli.seed.register import Entry

COMMISSIONERS = "North West Specialised Commissioning Group"
SENATE = "Cheshire and Merseyside Clinical Senate"
LONDON = "London Specialised Commissioning Group"
CRITICAL, NEONATAL = "Greater Manchester Critical Care Network", "Cheshire and Merseyside Neonatal Network"
TRAUMA = "North West London Trauma Network"
SPEAKERS = (COMMISSIONERS, SENATE, LONDON, CRITICAL, NEONATAL, TRAUMA)


@dataclass(frozen=True)
class Said:
    """One entry of a thread, some days ago; *until* is a date so many days from now."""

    ago: int
    kind: str
    text: str
    provider: bool = False
    until: int = 0


@dataclass(frozen=True)
class Story:
    """A challenge: between whom, by when (days from now), and what was said."""

    asks: str
    answers: str
    subject: str
    answer_in: int
    said: tuple[Said, ...]
    private: bool = False


STORIES = (
    Story(COMMISSIONERS, HOME, "Door to needle times at night", 5, (
        Said(24, "raised", "Between 20:00 and 8:00 **41 %** of the people with a stroke are treated within the hour, "
             "against 68 % by day (national audit, last quarter).\n\n1. Which of the three units is it?\n"
             "2. What will you change, and by when shall we see it in the figures?"),
        Said(20, "comment", "We have asked the units for their figures by hour of arrival and will bring them to the "
             "board on the 12th.", provider=True),
        Said(19, "comment", "Thank you. Please show the scans apart from the decisions: we think that the wait is in "
             "the scanning."),
    )),
    Story(COMMISSIONERS, HOME, "Rehabilitation after a heart attack", -92, (
        Said(160, "raised", "One in three who could benefit begins cardiac rehabilitation. What keeps the others "
             "away, and what do you do about it?"),
        Said(120, "answer", "Transport, above all. Since spring there are classes in six community halls, and a "
             "programme at home with a weekly call. *41 % began it in the last quarter.*", provider=True),
        Said(104, "accept", "Agreed. We look at the figures again in the autumn."),
    )),
    Story(COMMISSIONERS, CRITICAL, "Transfers for want of a bed", -3, (
        Said(40, "raised", "Seventeen people were moved between hospitals last quarter because no bed was free. Your "
             "own aim says that this ends. How?"),
        Said(33, "comment", "We are collecting the reasons for each transfer.", provider=True),
    )),
    Story(SENATE, NEONATAL, "Staffing of the night rota", 16, (
        Said(12, "raised", "Two units told us in confidence that the night rota is one nurse short on most nights. "
             "Is it so, and are babies moved because of it?"),
        Said(3, "ask_time", "The units' records must be gone through one by one.", provider=True, until=37),
    ), private=True),
    Story(LONDON, TRAUMA, "Rehabilitation prescriptions", 9, (
        Said(35, "raised", "Fewer than half of the patients leave with a rehabilitation prescription. What stands in "
             "the way?"),
        Said(4, "answer", "The form. It took twenty minutes; the new one takes four; every centre has used it since "
             "the first of the month.", provider=True),
    )),
)  # fmt: skip


def speakers(networks: Sequence[Entry], company: Company, held: Sequence[Post], start: date) -> list[Post]:
    """A chair for each network that takes part and has none, to speak for it. Home has its lead."""
    by_name = {network.name: network for network in networks}
    found = []
    for name in SPEAKERS:
        here = [post for post in held if post.network == name and post.until is None]
        if not any(post.role == "chair" for post in here):
            person = company.somebody(by_name[name], "chair", but=[post.person for post in here])
            found.append(Post(name, person or STAFF, "chair", start - timedelta(days=200)))
    return found


def challenges(held: Sequence[Post], now: datetime) -> list[Act]:
    """What is done about challenges before *now*. *held* are the posts when the year begins, the speakers' included."""
    speaking = {post.network: post.person for post in held if post.role == "chair" and post.until is None}
    speaking[HOME] = LEAD
    acts = [act for number, story in enumerate(STORIES) for act in _told(f"challenge {number}", story, speaking, now)]
    clock = [TurnCalendar(moment=at_work(now - timedelta(days=ago), 7), by=STAFF) for ago in (6, 3, 1)]
    return [*acts, *clock]


def _told(key: str, story: Story, speaking: dict[str, str], now: datetime) -> Iterator[Act]:
    for place, said in enumerate(story.said):
        moment = at_work(now - timedelta(days=said.ago), 9 + place)
        if said.kind == "raised":
            fields = {
                "provider": story.answers, "subject": story.subject, "text": said.text,
                "visibility": "private" if story.private else "public",
                "answer_by": (now + timedelta(days=story.answer_in)).date(),
            }  # fmt: skip
            yield Raise(moment=moment, by=speaking[story.asks], network=story.asks, challenge=key, fields=fields)
            continue
        until = (now + timedelta(days=said.until)).date() if said.until else None
        by = speaking[story.answers if said.provider else story.asks]
        yield Reply(moment=moment, by=by, challenge=key, kind=said.kind, text=said.text, until=until)
