"""The steps of an import, each done by whoever holds it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.importing import reading as sheets
from services.registry.importing import telling
from services.registry.importing.applying import Applying
from services.registry.importing.gathering import Meanwhile
from services.registry.importing.holding import MOST_ATTEMPTS, WORKED_ON, Hold, Stopped, let_go, record_of
from services.registry.importing.judging import Judge, batches, counted, judge_again, judged_so_far, settle, store
from services.registry.importing.undoing import Undoing
from services.registry.tables import Import
from shared import clock
from shared.errors import Problem
from shared.outbox import publish
from shared.sheets import Unreadable, read
from shared.staging import Stage

LONG = timedelta(seconds=10)
"""Who sent the file is told when reading and judging it took longer: they have looked away."""
MOST_TRIES = 3
"""How often what was gathered may be out of date before somebody is asked to look again."""
TIRED = "It could not be finished in five tries, and nothing was changed. Try again, or ask for help."


class NoNames(Unreadable):
    """No column holds the networks' names; say which one does."""


async def work(hold: Hold) -> None:
    """Do steps until the import waits for people. A step that fails for a reason of its own says so and ends it."""
    async with hold.alive():
        while await step(hold):
            pass


async def step(hold: Hold) -> bool:
    """Do the present step; whether there was one. Raises Lost."""
    async with hold.database.reading() as session:
        record = await record_of(session, hold.import_id)
    if record.holder != hold.holder or record.status not in WORKED_ON:
        return False
    try:
        if record.attempts > MOST_ATTEMPTS:
            raise Problem(TIRED)
        await STEPS[record.status](hold, record)
    except Stopped:
        await _end(hold, record, "")
    except Problem as problem:
        await _end(hold, record, problem.detail)
    return True


async def _end(hold: Hold, record: Import, problem: str) -> None:
    """Leave the step: nothing of it is on the register."""
    before = {"applying": "ready", "undoing": "applied"}
    status = before.get(record.status, "failed" if problem else "stopped")
    async with hold.database.transaction() as session:
        await sheets.write(
            session, hold.import_id, status=status, stopped_in=record.status, stopping=False, problem=problem,
            revision=record.revision + 1,
        )  # fmt: skip
        await let_go(session, hold)


async def _finish(hold: Hold, session: AsyncSession, record: Import, **values: Any) -> None:
    """The step is done, in the transaction of *session*: *values* become the import's, and it is free for the next."""
    fresh = {"problem": "", "attempts": 0, "done": 0, "total": 0, "begun_at": clock.now(), **values}
    fresh["revision"] = record.revision + 1
    for name, value in fresh.items():
        setattr(record, name, value)
    await hold.say(session, **fresh)


async def _read(hold: Hold, record: Import) -> None:
    async with hold.database.reading() as session:
        content = await sheets.content_of(session, record.id)
        known = await sheets.rows_stored(session, record.id)
    place = 0
    async with read(content, sheet=record.sheet, encoding=record.encoding) as (about, found):
        async for rows in found:
            fresh, place = rows[max(known - place, 0) :], place + len(rows)
            async with hold.database.transaction() as session:
                await sheets.store_rows(session, record.id, fresh, first=place - len(fresh))
                await hold.say(session, done=place, total=round(place / max(rows[-1].part, 0.001)))
    async with hold.database.transaction() as session:
        values = await sheets.find_columns(session, record, about)
        automatic = record.automatic or values["matched"] == "kept"
        if record.automatic and "name" not in values["columns"]:
            raise NoNames
        await _finish(hold, session, record, **values, status="judging" if automatic else "matching")


async def _judge(hold: Hold, record: Import) -> None:
    async with hold.database.reading() as session:
        judge = Judge(record, await sheets.words_of(session))
        await judge.learn(session)
        done, last = await judged_so_far(session, record.id)
        async for batch in batches(session, record, after=last):
            verdicts = await judge.judge(session, batch, first=done)
            done += len(batch)
            async with hold.database.transaction() as writing:
                await store(writing, verdicts)
                await hold.say(writing, done=done, total=record.rows)
    async with hold.database.transaction() as session:
        await settle(session, record.id)
        began = record.uploaded_at if record.matched == "kept" else record.begun_at
        await _finish(hold, session, record, **await counted(session, record.id), status="ready")
        await publish(session, telling.judged(record, took_long=clock.now() - began > LONG))


async def _apply(hold: Hold, record: Import) -> None:
    for _ in range(MOST_TRIES):
        async with hold.database.apart() as own:
            stage = Stage(own)
            applying = Applying(record, stage)
            await _gather(hold, record, own, applying, record.new + record.changed)
            if applying.gathered.stale:
                return await _look_again(hold, record, applying.gathered.stale)
            record.bodies = sorted(applying.gathered.bodies)
            told = {"applied_at": clock.now(), "bodies": record.bodies, "kept": 0}
            if await _poured(hold, record, own, applying, status="applied", **told):
                return None
    raise Problem("The register changed again and again while this was gathered; apply it once more.")


async def _undo(hold: Hold, record: Import) -> None:
    for _ in range(MOST_TRIES):
        async with hold.database.apart() as own:
            stage = Stage(own)
            undoing = Undoing(record, stage)
            await _gather(hold, record, own, undoing, record.new + record.changed)
            if undoing.kept and not record.keep_changed:
                raise Problem(f"{len(undoing.kept):,} of its networks were changed meanwhile, so nothing was undone.")
            told = {"undone_at": clock.now(), "kept": len(undoing.kept)}
            if await _poured(hold, record, own, undoing, status="undone", **told):
                return
    raise Problem("The register changed again and again while this was gathered; undo it once more.")


async def _gather(hold: Hold, record: Import, own: AsyncSession, work: Applying | Undoing, total: int) -> None:
    done = 0
    async with hold.database.reading() as session:
        async for batch in work.batches(session):
            async with own.begin():
                await work.gather(session, batch)  # type: ignore[arg-type]
            done += len(batch)
            async with hold.database.transaction() as saying:
                await hold.say(saying, done=done, total=total)


async def _poured(hold: Hold, record: Import, own: AsyncSession, work: Applying | Undoing, **values: Any) -> bool:
    """Whether everything gathered was written: the register, what is said of it, and the import's own state."""
    try:
        async with own.begin():
            await _finish(hold, own, record, **values)
            others = await work.pour(own)
            tell = telling.applied if values["status"] == "applied" else telling.reverted
            await publish(own, tell(record), *others)
    except Meanwhile:
        return False
    return True


async def _look_again(hold: Hold, record: Import, stale: list[int]) -> None:
    """Some rows were judged beside a register that has changed: judge them anew, and let somebody look."""
    async with hold.database.transaction() as session:
        await judge_again(session, record, stale)
        await settle(session, record.id)
        what = "1 row" if len(stale) == 1 else f"{len(stale):,} rows"
        problem = f"The register changed after you looked, and {what} with it. Nothing was applied; look again."
        counts = await counted(session, record.id)
        await _finish(hold, session, record, **counts, status="ready", problem=problem)


STEPS = {"reading": _read, "judging": _judge, "applying": _apply, "undoing": _undo}
