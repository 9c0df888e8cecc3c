"""Follow a change: one message's way through every service."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.changes import followed
from services.gateway.pages.charts import timeline
from services.gateway.visit import Visit, page


async def change(visit: Visit) -> Response:
    """The whole fan-out, drawn and as a table."""
    found = await followed(visit.edge.clients, visit.path["id"], visit.principal)
    failed = [stage for stage in found["stages"] if stage["outcome"] in ("failed", "parked")]
    return visit.page("change.html", "Follow a change", change=found, chart=timeline(found["stages"]), failed=failed)


ROUTES = [page("/changes/{id}", change)]
