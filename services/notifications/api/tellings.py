"""How fast we tell: measured, for everybody to see."""

from __future__ import annotations

from services.notifications.queries import tellings as queries
from services.notifications.schemas.tellings import Period, Tellings
from shared import clock
from shared.auth import Principal, Session, anyone, may
from shared.boundary import Router

router = Router(tags=["tellings"])


@router.get("/tellings")
async def list_tellings(
    session: Session, per: Period = "week", _by: Principal = may(anyone, "alerts:read")
) -> Tellings:
    """How fast people were told in the last twelve weeks or months, measured from real deliveries, by way.

    Only what was told since measuring began counts, and nothing that was brought in with a date of the past.
    """
    items = await queries.told(session, per=per, today=clock.today())
    return Tellings(items=items, next=None, total=len(items), since=await queries.measured_since(session))
