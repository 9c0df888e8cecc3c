"""The staff home: what needs somebody today, each one click from done; and the newest changes."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway import needs
from services.gateway.visit import Visit, page


async def staff(visit: Visit) -> Response:
    """Failures first, then what waits for somebody to decide, then what is going wrong; and the newest changes."""
    visit.require_staff()
    sections = await needs.sections(visit.edge.clients, visit.principal)
    hub = visit.edge.alerts
    return visit.page(
        "staff.html", "What needs you today", sections=[one for one in sections if one.total or one.away],
        clear=[one for one in sections if not one.total and not one.away], total=sum(one.total for one in sections),
        changes=[wire.item for wire in reversed(hub.recent)][:10], position=f"{hub.epoch}-{hub.position}",
    )  # fmt: skip


ROUTES = [page("/staff", staff)]
