"""Doing the acts of the year with the services' own commands, each at its moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from services.cli.seed.acts import (
    Act,
    Book,
    Cancel,
    Decide,
    Edit,
    End,
    Found,
    Join,
    Leave,
    Mail,
    Merge,
    Move,
    Promote,
    Proof,
    Propose,
    Raise,
    Record,
    Reply,
    Save,
    Schedule,
    Take,
    Tie,
    TurnCalendar,
)
from services.cli.seed.reading import send_last_weeks
from services.cli.seed.writing import Writing
from services.events.access import NotInvited
from services.events.commands import bookings, events
from services.membership.commands import roles
from services.registry import commands as register
from services.registry.commands.approvals import NotTheirApproval
from services.registry.commands.stages import GatesUnmet
from shared import clock
from shared.auth import Principal


@dataclass
class Stage:
    """Where acts are done: the open sessions, and what was made so far, by the names that the acts use."""

    writing: Writing
    networks: dict[str, str]
    people: Mapping[str, Principal]
    events: dict[str, str] = field(default_factory=dict)
    challenges: dict[str, str] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)

    def common(self, act: Act) -> dict[str, Any]:
        """What every command is told: who, and why."""
        return {"by": self.people[act.by], "reason": act.reason, "minor": act.minor}


async def do(stage: Stage, act: Act) -> None:
    """Do one act at its moment."""
    with clock.at(act.moment):
        await HOW[type(act)](stage, act)


async def _edit(stage: Stage, act: Edit) -> None:
    session = stage.writing.session("registry")
    await register.change_network(
        session, network_id=stage.networks[act.network], fields=act.fields, **stage.common(act)
    )


async def _found(stage: Stage, act: Found) -> None:
    session, fields = stage.writing.session("registry"), {**act.fields, "name": act.network}
    stage.networks[act.network] = (await register.create_network(session, fields=fields, **stage.common(act))).id


async def _merge(stage: Stage, act: Merge) -> None:
    await register.merge_networks(
        stage.writing.session("registry"), source_id=stage.networks[act.network], target_id=stage.networks[act.into],
        roles="vacant", keep_names=True, keep_bodies=True, **stage.common(act),
    )  # fmt: skip


async def _promote(stage: Stage, act: Promote) -> None:
    session = stage.writing.session("registry")
    with suppress(GatesUnmet):  # somebody left on the very day
        await register.move_stage(session, network_id=stage.networks[act.network], to=act.to, **stage.common(act))


async def _record(stage: Stage, act: Record) -> None:
    session = stage.writing.session("registry")
    rows = [evidence_row(proof, stage.networks) for proof in act.proofs]
    if len(rows) > 1:
        await register.add_evidence(session, rows=rows, by=stage.people[act.by])
        return
    network_id = rows[0].pop("network_id")
    await register.record_evidence(session, network_id=network_id, fields=rows[0], **stage.common(act))


def evidence_row(proof: Proof, networks: Mapping[str, str]) -> dict[str, Any]:
    """Evidence as the register takes it; *networks* are ids by name."""
    return {
        "network_id": networks[proof.network], "kind": proof.kind, "title": proof.title, "link": proof.link,
        "dated": proof.dated, "review_by": proof.review_by,
    }  # fmt: skip


async def _take(stage: Stage, act: Take) -> None:
    await roles.give_role(
        stage.writing.session("membership"), network_id=stage.networks[act.network],
        person_id=stage.people[act.person].person_id, role=act.role, **stage.common(act),
    )  # fmt: skip


async def _end(stage: Stage, act: End) -> None:
    session, network_id = stage.writing.session("membership"), stage.networks[act.network]
    person_id = stage.people[act.person].person_id
    held = [r for r in await roles.roles_of(session, network_id, person_id) if r.role == act.role]
    await roles.end_role(session, network_id=network_id, role_id=held[0].id, **stage.common(act))


async def _join(stage: Stage, act: Join) -> None:
    session = stage.writing.session("membership")
    await roles.join_network(session, network_id=stage.networks[act.network], **stage.common(act))


async def _leave(stage: Stage, act: Leave) -> None:
    session = stage.writing.session("membership")
    await roles.leave_network(session, network_id=stage.networks[act.network], **stage.common(act))


async def _schedule(stage: Stage, act: Schedule) -> None:
    fields = {**act.fields, "networks": [stage.networks[name] for name in act.networks]}
    event = await events.schedule_event(stage.writing.session("events"), fields=fields, **stage.common(act))
    stage.events[act.event] = event.id


async def _move(stage: Stage, act: Move) -> None:
    session, event_id = stage.writing.session("events"), stage.events[act.event]
    await events.change_event(session, event_id=event_id, fields=act.fields, **stage.common(act))


async def _cancel(stage: Stage, act: Cancel) -> None:
    session, event_id = stage.writing.session("events"), stage.events[act.event]
    await events.cancel_event(session, event_id=event_id, **stage.common(act))


async def _book(stage: Stage, act: Book) -> None:
    session, event_id = stage.writing.session("events"), stage.events[act.event]
    with suppress(NotInvited):  # who has left meanwhile may not come to what is for members
        await bookings.book_place(session, event_id=event_id, by=stage.people[act.by])


async def _raise(stage: Stage, act: Raise) -> None:
    session, network_id = stage.writing.session("registry"), stage.networks[act.network]
    fields = {**act.fields, "provider": stage.networks[act.fields["provider"]]}
    challenge = await register.raise_challenge(session, network_id=network_id, fields=fields, **stage.common(act))
    stage.challenges[act.challenge] = challenge.id


async def _reply(stage: Stage, act: Reply) -> None:
    await register.reply_to_challenge(
        stage.writing.session("registry"), challenge_id=stage.challenges[act.challenge], kind=act.kind, text=act.text,
        until=act.until, **stage.common(act),
    )  # fmt: skip


async def _turn(stage: Stage, _act: TurnCalendar) -> None:
    await register.turn_challenges(stage.writing.session("registry"))
    await register.turn_service_changes(stage.writing.session("registry"))


async def _propose(stage: Stage, act: Propose) -> None:
    session, fields = stage.writing.session("registry"), {**act.fields, "impacts": list(act.fields["impacts"])}
    found = await register.propose_service_change(
        session, network_id=stage.networks[act.network], fields=fields, **stage.common(act)
    )
    stage.changes[act.change] = found.id


async def _decide(stage: Stage, act: Decide) -> None:
    decide = register.approve_service_change if act.approve else register.decline_service_change
    with suppress(NotTheirApproval):  # who has left meanwhile decides no more
        await decide(stage.writing.session("registry"), change_id=stage.changes[act.change], **stage.common(act))


async def _save(stage: Stage, act: Save) -> None:
    by = stage.people[act.by]
    await register.save_search(stage.writing.session("registry"), name=act.name, q=act.q, chosen=act.chosen, by=by)


async def _mail(stage: Stage, act: Mail) -> None:
    await send_last_weeks(stage.writing.session("notifications"), act, stage.people[act.by])


async def _tie(stage: Stage, act: Tie) -> None:
    await register.add_link(
        stage.writing.session("registry"), network_id=stage.networks[act.network], kind=act.kind,
        other_id=stage.networks[act.other], care_group=act.care_group, note=act.note, **stage.common(act),
    )  # fmt: skip


HOW: dict[type[Act], Callable[[Stage, Any], Awaitable[None]]] = {
    Edit: _edit, Take: _take, End: _end, Join: _join, Leave: _leave,
    Schedule: _schedule, Move: _move, Cancel: _cancel, Book: _book, Mail: _mail, Tie: _tie,
    Raise: _raise, Reply: _reply, TurnCalendar: _turn, Propose: _propose, Decide: _decide, Save: _save,
    Promote: _promote, Record: _record, Found: _found, Merge: _merge,
}  # fmt: skip
