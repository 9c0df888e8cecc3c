"""Challenges that somebody may see, and their threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.access import EDITING_ROLES, challenges_shown_to
from services.registry.commands.challenge_replies import moves_of
from services.registry.commands.challenges import NoSuchChallenge
from services.registry.schemas import challenges as schemas
from services.registry.tables import Challenge, ChallengePost, Cover, Network, Person, Role
from shared import clock
from shared.auth import Principal
from shared.db import total_of

Part = Literal["raised", "received"]


async def challenge_at(session: AsyncSession, challenge_id: str, by: Principal) -> Challenge:
    """The challenge, where *by* may see it. Raises NoSuchChallenge."""
    query = select(Challenge).where(Challenge.id == challenge_id, challenges_shown_to(by))
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NoSuchChallenge
    return found


def challenges_matching(
    by: Principal, *, network_id: str = "", part: Part | None = None, status: str = "", sha: str = "",
    overdue: bool = False,
) -> list[ColumnElement[bool]]:  # fmt: skip
    """The conditions of a list: only what *by* may see; of a body, what the networks of its area must answer."""
    conditions = [challenges_shown_to(by)]
    if network_id:
        ends = {"raised": [Challenge.challenger], "received": [Challenge.provider]}
        both = [Challenge.challenger, Challenge.provider]
        conditions.append(or_(*(end == network_id for end in (ends[part] if part else both))))
    if status:
        conditions.append(Challenge.status == status)
    if sha:
        conditions.append(Challenge.provider.in_(select(Cover.network_id).where(Cover.body == sha)))
    if overdue:
        conditions += [Challenge.status == "open", Challenge.answer_by < clock.today()]
    return conditions


async def challenges_page(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, limit: int, cursor: str | None
) -> tuple[list[Challenge], str | None, int]:
    """A page of challenges, the newest first: (challenges, the next cursor, how many match in all)."""
    query = select(Challenge).where(*conditions).order_by(Challenge.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(Challenge.id < cursor)
    found = list((await session.execute(query)).scalars())
    total = await total_of(session, Challenge, conditions, found, limit=limit, first=not cursor)
    return found[:limit], found[limit - 1].id if len(found) > limit else None, total


async def challenges_shown(session: AsyncSession, found: Sequence[Challenge], by: Principal) -> list[schemas.Challenge]:
    """The challenges as the API shows them to *by*."""
    ids = {network for challenge in found for network in (challenge.challenger, challenge.provider)}
    rows = await session.execute(select(Network.id, Network.slug, Network.name).where(Network.id.in_(ids)))
    parties = {row.id: schemas.Party(id=row.id, slug=row.slug, name=row.name) for row in rows}
    mine = ids if by.is_staff else await _edited(session, by, ids)
    return [_shown(challenge, parties, mine) for challenge in found]


async def posts_page(
    session: AsyncSession, challenge_id: str, *, limit: int, after: int
) -> tuple[list[schemas.Post], str | None, int]:
    """A page of a thread, the oldest first: (entries, the next cursor, how many there are)."""
    mine = ChallengePost.challenge_id == challenge_id
    query = select(ChallengePost, Person.name).outerjoin(Person, Person.id == ChallengePost.author)
    query = query.where(mine, ChallengePost.number > after).order_by(ChallengePost.number).limit(limit + 1)
    found = [_post(post, name) for post, name in await session.execute(query)]
    total = await total_of(session, ChallengePost, [mine], found, limit=limit, first=not after)
    return found[:limit], str(found[limit - 1].number) if len(found) > limit else None, total


async def _edited(session: AsyncSession, by: Principal, ids: set[str]) -> set[str]:
    query = select(Role.network_id).where(
        Role.person_id == by.person_id, Role.network_id.in_(ids), Role.status == "active", Role.role.in_(EDITING_ROLES)
    )
    return set((await session.execute(query)).scalars())


def _shown(challenge: Challenge, parties: dict[str, schemas.Party], mine: set[str]) -> schemas.Challenge:
    sides = [side for side in ("challenger", "provider") if getattr(challenge, side) in mine]
    return schemas.Challenge.model_validate({
        **{name: getattr(challenge, name) for name in _SAME},
        "challenger": parties[challenge.challenger], "provider": parties[challenge.provider],
        "visibility": "private" if challenge.private else "public", "may": moves_of(challenge, sides),
        "overdue": challenge.status == "open" and challenge.answer_by < clock.today(),
    })  # fmt: skip


_SAME = (
    "id", "revision", "subject", "status", "outcome", "answer_by", "asked_until", "posts", "raised_at", "answered_at",
    "ended_at", "escalated_at",
)  # fmt: skip


def _post(post: ChallengePost, name: str | None) -> schemas.Post:
    return schemas.Post(
        number=post.number, kind=post.kind, side=post.side, author=post.author, author_name=name or "",
        text=post.text, until=post.until, reason=post.reason, written_at=post.written_at,
    )  # fmt: skip
