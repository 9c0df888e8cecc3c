"""What every page, every route of the API and every stream of the gateway share."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.assets import Assets
from services.gateway.clients import Clients
from services.gateway.rendering import Renderer
from services.gateway.signing_in.provider import Provider
from services.gateway.signing_in.second_step import SecondStep
from services.gateway.signing_in.session import Sessions
from services.gateway.streams.hub import Hub
from services.gateway.tellings import Tellings
from services.gateway.unread import Unread
from shared.auth import ENDED
from shared.broadcast import Broadcast
from shared.config import Settings
from shared.store import Store


@dataclass
class Edge:
    """The gateway's parts."""

    settings: Settings
    clients: Clients
    store: Store
    broadcast: Broadcast
    sessions: Sessions
    second_step: SecondStep
    provider: Provider
    renderer: Renderer
    assets: Assets
    alerts: Hub
    feed: Hub
    tellings: Tellings
    unread: Unread

    async def ended(self, person_id: str) -> None:
        """Some sessions of somebody ended: their open streams are cut everywhere; who may still hear comes again.

        Membership says the same where it changes what somebody may do, or how they sign in.
        """
        await self.broadcast.publish(ENDED, person_id.encode())
