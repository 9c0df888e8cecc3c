"""The columns of the directory: everybody's own choice."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field

from services.registry.commands.columns import show_columns
from services.registry.tables import ShownColumns
from shared.auth import Principal, Session, may, signed_in
from shared.boundary import ChangeBody, Router

router = Router(tags=["networks"])
Column = Literal["leads", "areas", "aims", "contact", "host", "population", "started_on"]
NAMES: tuple[Column, ...] = get_args(Column)
USUAL: list[Column] = ["leads", "areas"]


class Columns(ChangeBody):
    """What is to be shown of each network, besides its name and kind; nothing where the list is empty."""

    shown: Annotated[list[Column], Field(max_length=len(NAMES))]


class Shown(BaseModel):
    """What is shown of each network."""

    shown: list[Column]


@router.get("/columns")
async def get_columns(session: Session, by: Principal = may(signed_in, "alerts:read")) -> Shown:
    """What you want to see of each network in the directory; the usual where you never chose."""
    chosen = await session.get(ShownColumns, by.person_id)
    return Shown(shown=[name for name in NAMES if name in chosen.names] if chosen else USUAL)


@router.put("/columns")
async def choose_columns(body: Columns, session: Session, by: Principal = may(signed_in, "alerts:write")) -> Shown:
    """Choose what you want to see of each network in the directory, wherever you sign in."""
    await show_columns(session, names=body.shown, by=by)
    return Shown(shown=[name for name in NAMES if name in body.shown])
