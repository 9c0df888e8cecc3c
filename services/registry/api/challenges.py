"""Challenges between commissioner and provider networks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from services.registry import commands, queries
from services.registry.access import challenge_parties, network_editors
from services.registry.api.networks import Limit
from services.registry.queries.challenges import Part
from services.registry.schemas.challenges import Challenge, NewChallenge, NewReply, Post, Status
from services.registry.tables import Challenge as ChallengeRow
from shared.auth import Principal, Session, anyone, may
from shared.boundary import IfMatch, Router, etag
from shared.fields import Page

router = Router(tags=["challenges"])
Cursor = Annotated[str | None, Query(max_length=100)]


@router.get("/challenges")
async def list_all_challenges(
    session: Session, sha: str = "", status: Status | None = None, overdue: bool = False, limit: Limit = 25,
    cursor: Cursor = None, by: Principal = may(anyone, "networks:read"),
) -> Page[Challenge]:  # fmt: skip
    """The challenges that you may see, the newest first; `sha`: those that a network of its area must answer."""
    conditions = queries.challenges_matching(by, sha=sha, status=status or "", overdue=overdue)
    found, following, total = await queries.challenges_page(session, conditions, limit=limit, cursor=cursor)
    return Page(items=await queries.challenges_shown(session, found, by), next=following, total=total)


@router.get("/networks/{network_id}/challenges")
async def list_challenges(
    network_id: str, session: Session, part: Part | None = None, status: Status | None = None, limit: Limit = 25,
    cursor: Cursor = None, by: Principal = may(anyone, "networks:read"),
) -> Page[Challenge]:  # fmt: skip
    """The challenges that a network raised or received, as far as you may see them, the newest first."""
    network = await queries.network_at(session, network_id)
    conditions = queries.challenges_matching(by, network_id=network.id, part=part, status=status or "")
    found, following, total = await queries.challenges_page(session, conditions, limit=limit, cursor=cursor)
    return Page(items=await queries.challenges_shown(session, found, by), next=following, total=total)


@router.post("/networks/{network_id}/challenges", status_code=201)
async def raise_challenge(
    network_id: str, body: NewChallenge, session: Session, response: Response,
    by: Principal = may(network_editors, "networks:write"),
) -> Challenge:  # fmt: skip
    """Let this network, a commissioner, challenge a provider network, which is to answer by a date."""
    fields = body.model_dump(exclude={"reason", "minor"})
    challenge = await commands.raise_challenge(
        session, network_id=network_id, fields=fields, by=by, reason=body.reason, minor=body.minor
    )
    response.headers["location"] = f"/api/challenges/{challenge.id}"
    return await _shown(session, challenge, by, response)


@router.get("/challenges/{challenge_id}")
async def get_challenge(
    challenge_id: str, session: Session, response: Response, by: Principal = may(anyone, "networks:read")
) -> Challenge:
    """One challenge. A private one is there only for its networks, their oversight bodies and staff."""
    return await _shown(session, await queries.challenge_at(session, challenge_id, by), by, response)


@router.get("/challenges/{challenge_id}/replies")
async def list_replies(
    challenge_id: str, session: Session, limit: Limit = 100, cursor: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    by: Principal = may(anyone, "networks:read"),
) -> Page[Post]:  # fmt: skip
    """The thread of a challenge, from the challenge itself to the last word."""
    challenge = await queries.challenge_at(session, challenge_id, by)
    found, following, total = await queries.posts_page(session, challenge.id, limit=limit, after=cursor)
    return Page(items=found, next=following, total=total)


@router.post("/challenges/{challenge_id}/replies", status_code=201)
async def reply(
    challenge_id: str, body: NewReply, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(challenge_parties, "networks:write"),
) -> Challenge:  # fmt: skip
    """Write the next entry of a thread, with what it does to the challenge; answers the challenge as it then is."""
    fields = body.model_dump()
    challenge = await commands.reply_to_challenge(
        session, challenge_id=challenge_id, by=by, expected=expected, **fields
    )
    return await _shown(session, challenge, by, response)


async def _shown(session: Session, challenge: ChallengeRow, by: Principal, response: Response) -> Challenge:
    etag(response, challenge.revision)
    return (await queries.challenges_shown(session, [challenge], by))[0]
