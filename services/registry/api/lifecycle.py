"""Networks that are renamed, archived, restored, merged and split."""

from __future__ import annotations

from fastapi import Response

from services.registry import commands, queries
from services.registry.access import network_editors
from services.registry.api.networks import shown_now
from services.registry.schemas.lifecycle import Merge, Merged, Rename, Split
from services.registry.schemas.networks import Network
from shared.auth import Principal, Session, may, staff
from shared.boundary import ChangeBody, IfMatch, Router

router = Router(tags=["networks"])


@router.post("/networks/{network_id}/rename")
async def rename_network(
    network_id: str, body: Rename, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(network_editors, "networks:write"),
) -> Network:  # fmt: skip
    """Give a network another name and address; its former addresses lead to it for ever."""
    found = await queries.network_id_at(session, network_id)
    network = await commands.rename_network(
        session, network_id=found, by=by, expected=expected, **body.model_dump()
    )  # fmt: skip
    return await shown_now(session, network, response)


@router.post("/networks/{network_id}/archive")
async def archive_network(
    network_id: str, body: ChangeBody, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(staff, "networks:write"),
) -> Network:  # fmt: skip
    """Take a network off the register; its record and history stay readable."""
    found = await queries.network_id_at(session, network_id)
    network = await commands.archive_network(session, network_id=found, by=by, expected=expected, **body.model_dump())
    return await shown_now(session, network, response)


@router.post("/networks/{network_id}/restore")
async def restore_network(
    network_id: str, body: ChangeBody, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(staff, "networks:write"),
) -> Network:  # fmt: skip
    """Put an archived network back on the register."""
    found = await queries.network_id_at(session, network_id)
    network = await commands.restore_network(session, network_id=found, by=by, expected=expected, **body.model_dump())
    return await shown_now(session, network, response)


@router.post("/networks/{network_id}/merge")
async def merge_network(
    network_id: str, body: Merge, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(staff, "networks:write"),
) -> Network:  # fmt: skip
    """Make a network part of another, which is the answer: members, follows, links and gatherings go over to it."""
    source, target = [await queries.network_id_at(session, address) for address in (network_id, body.into)]
    network = await commands.merge_networks(
        session, source_id=source, target_id=target, by=by, expected=expected, **body.model_dump(exclude={"into"})
    )
    return await shown_now(session, network, response)


@router.get("/networks/{network_id}/merge", responses={409: {"description": "It is no part of another."}})
async def get_merge(network_id: str, session: Session, _by: Principal = may(staff, "networks:read")) -> Merged:
    """Which network it became part of, and until when that can be undone."""
    return await queries.merged_at(session, network_id)


@router.post("/networks/{network_id}/merge/undo")
async def undo_merge(
    network_id: str, body: ChangeBody, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(staff, "networks:write"),
) -> Network:  # fmt: skip
    """Take a merge back, for 30 days: the network is one of its own again, and what went over with it returns."""
    found = await queries.network_id_at(session, network_id)
    network = await commands.undo_merge(session, network_id=found, by=by, expected=expected, **body.model_dump())
    return await shown_now(session, network, response)


@router.post("/networks/{network_id}/split", status_code=201)
async def split_network(
    network_id: str, body: Split, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(staff, "networks:write"),
) -> Network:  # fmt: skip
    """Make a part of a network one of its own, which is the answer; the roles chosen go over to it."""
    found = await queries.network_id_at(session, network_id)
    fields = {name: value for name, value in body.fields().items() if value is not None}
    people = {name: fields.pop(name, []) for name in ("moved", "copied")}
    network = await commands.split_network(
        session, network_id=found, fields=fields, by=by, expected=expected, reason=body.reason, minor=body.minor,
        **people,
    )  # fmt: skip
    response.headers["location"] = f"/api/networks/{network.id}"
    return await shown_now(session, network, response)
