"""Choosing a new password by a mailed link."""

from __future__ import annotations

from fastapi import Request

from services.membership import commands
from services.membership.limits import require_few_letters
from services.membership.schemas import ResetAsked, ResetPassword
from shared.auth import Principal, Session, anyone, may
from shared.boundary import Router

router = Router(tags=["accounts"])


@router.post("/password-resets", status_code=202)
async def ask_for_reset(
    body: ResetAsked, session: Session, request: Request, _by: Principal = may(anyone, "people:write")
) -> None:
    """Have a link mailed to an address; the answer is the same whether or not anybody has it."""
    await require_few_letters(request.app.state.parts.store, body.email)
    await commands.ask_for_reset(session, email=body.email)


@router.post("/password-resets/use", status_code=204)
async def reset_password(body: ResetPassword, session: Session, _by: Principal = may(anyone, "people:write")) -> None:
    """Choose a new password against the secret of the mailed link. Every session of its owner ends."""
    await commands.reset_password(session, key=body.key, password=body.password)
