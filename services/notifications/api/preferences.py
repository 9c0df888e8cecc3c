"""What people choose to be told, and how."""

from __future__ import annotations

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.commands import following
from services.notifications.commands import preferences as commands
from services.notifications.commands.less import get_less
from services.notifications.passes import Passes, WrongPass
from services.notifications.queries.preferences import chosen_of, is_known, preferences_of
from services.notifications.queries.why import explanation
from services.notifications.schemas.preferences import Chosen, Preferences, PreferencesBody
from services.notifications.schemas.why import Explanation, LessBody
from shared.auth import Principal, Session, anyone, may, signed_in
from shared.boundary import ChangeBody, IfMatch, Router, etag
from shared.declared import MAY_END

router = Router(tags=["alerts"])


@router.get("/preferences")
async def get_preferences(
    session: Session, response: Response, by: Principal = may(signed_in, "alerts:read")
) -> Preferences:
    """What you chose, and the audiences you belong to."""
    return await _shown(session, response, by.person_id)


@router.patch("/preferences")
async def change_preferences(
    body: PreferencesBody, session: Session, response: Response, expected: IfMatch,
    by: Principal = may(signed_in, "alerts:write"),
) -> Preferences:  # fmt: skip
    """Choose otherwise."""
    await commands.change_preferences(session, fields=body.fields(), by=by, expected=expected)
    return await _shown(session, response, by.person_id)


@router.get("/preferences/pass/{made}", responses=MAY_END)
async def get_by_pass(
    made: str, request: Request, session: Session, response: Response, _by: Principal = may(anyone, "alerts:read")
) -> Preferences:
    """What the person chose in whose mail the link stood."""
    return await _shown(session, response, await _holder(request, session, made))


@router.patch("/preferences/pass/{made}", responses=MAY_END)
async def change_by_pass(
    made: str, body: PreferencesBody, request: Request, session: Session, response: Response, expected: IfMatch,
    _by: Principal = may(anyone, "alerts:write"),
) -> Preferences:  # fmt: skip
    """Choose otherwise by the link in a mail, without signing in: these preferences, and nothing else."""
    person_id = await _holder(request, session, made)
    await commands.change_preferences(session, fields=body.fields(), by=Principal(person_id), expected=expected)
    return await _shown(session, response, person_id)


@router.get("/preferences/pass/{made}/why/{message_id}", responses=MAY_END)
async def why_by_pass(
    made: str, message_id: str, request: Request, session: Session, _by: Principal = may(anyone, "alerts:read")
) -> Explanation:
    """Why the reader of the mail in which the link stood got a change."""
    person_id = await _holder(request, session, made)
    return Explanation.model_validate(await explanation(session, person_id, message_id))


@router.post("/preferences/pass/{made}/why/{message_id}/less", status_code=204, responses=MAY_END)
async def less_by_pass(
    made: str, message_id: str, body: LessBody, request: Request, session: Session,
    _by: Principal = may(anyone, "alerts:write"),
) -> None:  # fmt: skip
    """Let the reader of the mail in which the link stood get less like this."""
    await get_less(session, await _holder(request, session, made), message_id=message_id, what=body.what)


async def _holder(request: Request, session: AsyncSession, made: str) -> str:
    """Whose pass it is. Raises WrongPass (also where the person was erased since), PassEnded."""
    person_id = Passes(request.app.state.parts.settings).person_in(made)
    if not await is_known(session, person_id):
        raise WrongPass
    return person_id


async def _shown(session: AsyncSession, response: Response, person_id: str) -> Preferences:
    found = Preferences.model_validate(await preferences_of(session, person_id))
    etag(response, found.revision)
    return found


@router.get("/networks/{network_id}/chosen")
async def get_chosen(network_id: str, session: Session, by: Principal = may(signed_in, "alerts:read")) -> Chosen:
    """Whether you follow a network, and whether you muted it."""
    return Chosen(**await chosen_of(session, by.person_id, network_id))


@router.post("/networks/{network_id}/follow", status_code=204)
async def follow(
    network_id: str, _body: ChangeBody, session: Session, by: Principal = may(signed_in, "alerts:write")
) -> None:
    """Be told of a network without being a member."""
    await following.follow(session, network_id=network_id, by=by)


@router.post("/networks/{network_id}/unfollow", status_code=204)
async def unfollow(
    network_id: str, _body: ChangeBody, session: Session, by: Principal = may(signed_in, "alerts:write")
) -> None:
    """Follow a network no longer."""
    await following.unfollow(session, network_id=network_id, by=by)


@router.post("/networks/{network_id}/mute", status_code=204)
async def mute(
    network_id: str, _body: ChangeBody, session: Session, by: Principal = may(signed_in, "alerts:write")
) -> None:
    """Hear nothing of a network."""
    await following.mute(session, network_id=network_id, by=by)


@router.post("/networks/{network_id}/unmute", status_code=204)
async def unmute(
    network_id: str, _body: ChangeBody, session: Session, by: Principal = may(signed_in, "alerts:write")
) -> None:
    """Hear of a network again."""
    await following.unmute(session, network_id=network_id, by=by)
