"""Oneself: who I am, and my personal tokens."""

from __future__ import annotations

from fastapi import Response

from services.membership import commands, queries
from services.membership.schemas import MadeToken, Me, NewToken, PersonOut, TokenOut
from shared.auth import Principal, Session, may, signed_in
from shared.boundary import Router
from shared.fields import Page

router = Router(tags=["me"])


@router.get("/me")
async def get_me(session: Session, by: Principal = may(signed_in, "people:read")) -> Me:
    """Who you are, what your token may do, and where you belong."""
    person = await queries.person_called(session, by.person_id)
    return Me(
        person=PersonOut.model_validate(person),
        scopes=sorted(by.scopes),
        networks=await queries.networks_of(session, person.id),
        bodies=await queries.bodies_called(session, person.bodies),
        is_staff=person.is_staff,
    )


@router.get("/tokens")
async def list_tokens(session: Session, by: Principal = may(signed_in, "people:read")) -> Page[TokenOut]:
    """Your personal tokens, without their secrets."""
    tokens = [TokenOut.model_validate(token) for token in await queries.tokens_of(session, by.person_id)]
    return Page(items=tokens, total=len(tokens))


@router.post("/tokens", status_code=201)
async def make_token(
    body: NewToken, session: Session, response: Response, by: Principal = may(signed_in, "people:write")
) -> MadeToken:
    """Make a personal token for the API; its secret is shown this once."""
    token, secret = await commands.make_own_token(session, name=body.name, scopes=body.scopes, days=body.days, by=by)
    response.headers["cache-control"] = "no-store"
    return MadeToken(**TokenOut.model_validate(token).model_dump(), token=secret)


@router.delete("/tokens/{token_id}", status_code=204)
async def withdraw_token(token_id: str, session: Session, by: Principal = may(signed_in, "people:write")) -> None:
    """Withdraw one of your personal tokens; it opens nothing from now on."""
    await commands.withdraw_token(session, token_id=token_id, by=by)
