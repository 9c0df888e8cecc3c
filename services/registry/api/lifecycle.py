"""Networks that are renamed, archived and restored."""

from __future__ import annotations

from fastapi import Response

from services.registry import commands, queries
from services.registry.access import network_editors
from services.registry.api.networks import shown_now
from services.registry.schemas.lifecycle import Rename
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
