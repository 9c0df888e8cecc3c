"""Changing many networks together."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from services.registry.api.networks import Limit
from services.registry.commands import batch_jobs as jobs
from services.registry.commands import batches as commands
from services.registry.queries import batches as queries
from services.registry.schemas.batches import Batch, BatchNetwork, NewBatch, NewWord, Outcome, WholeBatch
from shared.auth import Principal, Session, anyone, may, staff
from shared.boundary import ChangeBody, Router, etag
from shared.fields import Page

router = Router(tags=["networks"])


@router.get("/batches")
async def list_batches(
    session: Session, limit: Limit = 25, cursor: Annotated[str, Query(max_length=64)] = "",
    _by: Principal = may(staff, "networks:read"),
) -> Page[Batch]:  # fmt: skip
    """The changes that were made to many networks together, the newest first."""
    items, following, total = await queries.batches_page(session, before=cursor, limit=limit)
    return Page(items=items, next=following, total=total)


@router.post("/batches", status_code=201)
async def change_together(
    body: NewBatch, session: Session, response: Response, by: Principal = may(staff, "networks:write")
) -> WholeBatch:
    """Change many networks in the same way: all or none, told once. Where some cannot be changed so, `errors` says of
    each why (`field` is its id). `one_by_one`, it only begins (`status` is changing): see how far it is at its
    address."""
    change = jobs.change_one_by_one if body.one_by_one else commands.change_together
    batch = await change(
        session, network_ids=body.networks, fields=body.change.given(), by=by, reason=body.reason, minor=body.minor
    )
    response.headers["location"] = f"/api/batches/{batch.id}"
    return await _shown(session, batch.id, response)


@router.post("/batches/words", status_code=201)
async def tell_together(
    body: NewWord, session: Session, response: Response, by: Principal = may(staff, "networks:write")
) -> WholeBatch:
    """Tell something to all who hear of these networks: each person once, however many of them they belong to."""
    batch = await commands.tell_together(
        session, network_ids=body.networks, headline=body.headline, text=body.text, by=by
    )
    response.headers["location"] = f"/api/batches/{batch.id}"
    return await _shown(session, batch.id, response)


@router.get("/batches/{batch_id}")
async def get_batch(
    batch_id: str, session: Session, response: Response, _by: Principal = may(anyone, "networks:read")
) -> WholeBatch:
    """One, with its networks and how they stood before: whoever is told of it can read what it was."""
    return await _shown(session, batch_id, response)


@router.get("/batches/{batch_id}/networks")
async def list_batch_networks(
    batch_id: str, session: Session, outcome: Outcome | None = None, limit: Limit = 25, cursor: str = "",
    _by: Principal = may(anyone, "networks:read"),
) -> Page[BatchNetwork]:  # fmt: skip
    """Its networks in the order of their names, with what became of each, or those of one outcome."""
    items, following, total = await queries.networks_page(
        session, batch_id, outcome=outcome or "", limit=limit, cursor=cursor
    )
    return Page(items=items, next=following, total=total)


@router.post("/batches/{batch_id}/stop")
async def stop_batch(
    batch_id: str,
    _body: ChangeBody,
    session: Session,
    response: Response,
    _by: Principal = may(staff, "networks:write"),
) -> WholeBatch:
    """Stop what is made or undone one by one: what is done stays, and those concerned are told of it."""
    await jobs.stop_batch(session, batch_id=batch_id)
    return await _shown(session, batch_id, response)


@router.post("/batches/{batch_id}/resume")
async def resume_batch(
    batch_id: str,
    _body: ChangeBody,
    session: Session,
    response: Response,
    _by: Principal = may(staff, "networks:write"),
) -> WholeBatch:
    """Go on where it was stopped."""
    await jobs.resume_batch(session, batch_id=batch_id)
    return await _shown(session, batch_id, response)


@router.post("/batches/{batch_id}/undo")
async def undo_batch(
    batch_id: str, body: ChangeBody, session: Session, response: Response, by: Principal = may(staff, "networks:write")
) -> WholeBatch:
    """Give the networks back what they had before; those that were changed since are left as they are."""
    await commands.undo_batch(session, batch_id=batch_id, by=by, reason=body.reason)
    return await _shown(session, batch_id, response)


async def _shown(session: Session, batch_id: str, response: Response) -> WholeBatch:
    await session.flush()
    found = await queries.batch_at(session, batch_id)
    etag(response, found.revision)
    return found
