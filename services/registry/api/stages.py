"""Moving a network from stage to stage."""

from __future__ import annotations

from fastapi import Response

from services.registry import commands, queries
from services.registry.access import network_editors
from services.registry.api.networks import shown
from services.registry.schemas.stages import Moved, StageMove
from shared.auth import Principal, Session, may
from shared.boundary import IfMatch, Router, etag

router = Router(tags=["standards"])


@router.post("/networks/{network_id}/stage")
async def move_stage(
    network_id: str, body: StageMove, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(network_editors, "networks:write"),
) -> Moved:  # fmt: skip
    """Move a network to another stage. A promotion passes the gates of its stage; 409 lists those that are `unmet`."""
    network, gates = await commands.move_stage(
        session, network_id=network_id, to=body.to, by=by, expected=expected, reason=body.reason, minor=body.minor
    )
    leads = await queries.leads_of(session, [network.id])
    etag(response, network.revision)
    return Moved(**shown(network, leads.get(network.id, [])).model_dump(), gates=gates)
